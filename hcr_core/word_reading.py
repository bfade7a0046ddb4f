"""Pieces of a line to characters and words: the best path through all groupings."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hcr_core.alphabet import Alphabet, restricted
from hcr_core.line_context import LineMetrics, expected_heights, fit_metrics, misfit
from hcr_core.segmentation import Groups, Pieces

#: A gap of this many x-heights beyond twice the line's usual one is a space: 0.3 of the line's height.
SPACE = 0.45
#: A word is joined if more than this share of its characters had to be cut from their neighbours.
_JOINED = 0.6
#: Readings of a line, each with the heights that the last one gave.
_ROUNDS = 2


@dataclass(frozen=True)
class Weights:
    """What counts how much on a path, in natural logarithms of probability.

    Chosen on words of the writers that are not for testing: ``benchmarks.words --tune``.
    """

    #: Temperature of the network's logarithms: it is surer of ill-cut shapes than it should be.
    shape: float = 0.7
    #: Share of what the network says on classes of one shape, before the line's heights decide.
    lookalike: float = 0.5
    #: Reward of a character, so that few characters are not preferred for being few.
    character: float = 1.0
    #: Cost of a cut: any, and per stroke width of ink.
    cut: float = 0.6
    cut_ink: float = 0.3
    #: Cost per height of two neighbours' overlap, and of a gap inside a character.
    overlap: float = 4.0
    gap: float = 6.0
    #: Cost of leaving out ink, per piece and per height of stroke.
    skip: float = 2.0
    skip_ink: float = 6.0
    #: Weight and limit of the misfit of a character's top and bottom.
    height: float = 0.5
    height_limit: float = 4.0
    #: Costs of kinds of words: capitalised, all capitals, all digits, mixed.
    capitalised: float = 0.5
    capitals: float = 0.7
    digits: float = 0.7
    mixed: float = 2.5


@dataclass(frozen=True)
class Lattice:
    """All groupings of a line with what the model says of each.

    Attributes:
        probabilities: float (n, classes), among the classes allowed.
    """

    pieces: Pieces
    groups: Groups
    probabilities: np.ndarray
    alphabet: Alphabet
    allowed: np.ndarray


@dataclass(frozen=True)
class ReadWord:
    """A word as it was read: its groups, their classes, log-scores float (classes,) of each, whether
    it looks joined, and the path's score."""

    groups: tuple[int, ...]
    classes: tuple[int, ...]
    scores: tuple[np.ndarray, ...]
    joined: bool
    score: float


@dataclass(frozen=True)
class Path:
    """Groups chosen, from left to right, and their classes."""

    groups: tuple[int, ...]
    classes: tuple[int, ...]
    score: float


def class_scores(lattice: Lattice, weights: Weights, metrics: LineMetrics | None) -> np.ndarray:
    """Logarithm of how well every class fits every group, float (n, classes)."""
    p = np.maximum(lattice.probabilities, 1e-6)
    shape_groups = lattice.alphabet.shape_groups
    together = np.zeros((len(p), int(shape_groups.max()) + 1))
    for i, shape in enumerate(shape_groups):
        together[:, shape] += lattice.probabilities[:, i]
    shape = np.log(np.maximum(together, 1e-4))[:, shape_groups]
    scores = weights.shape * (
        shape + weights.lookalike * (np.log(p) - np.log(np.maximum(together[:, shape_groups], 1e-6)))
    )
    if metrics is not None:
        expected = expected_heights(lattice.alphabet)
        scores -= weights.height * misfit(lattice.groups.boxes, metrics, expected, weights.height_limit)
    return np.where(lattice.allowed, scores, -50.0)


def group_costs(lattice: Lattice, weights: Weights) -> np.ndarray:
    """Costs of the groups that do not depend on the class, float (n,)."""
    groups, pieces = lattice.groups, lattice.pieces
    before = boundary_costs(pieces, weights)
    return weights.gap * np.maximum(groups.gap, 0) + before[groups.first] - weights.character


def boundary_costs(pieces: Pieces, weights: Weights) -> np.ndarray:
    """Cost of beginning a character before each piece, float (n + 1,)."""
    boxes = pieces.boxes
    right = np.maximum.accumulate(np.concatenate([[-np.inf], boxes[:, 2]]))
    left = np.minimum.accumulate(np.concatenate([boxes[:, 0], [np.inf]])[::-1])[::-1]
    overlap = np.clip((right - left) / pieces.height, 0, 1)
    return weights.cut * (pieces.cut > 0) + weights.cut_ink * pieces.cut + weights.overlap * overlap


def skip_costs(pieces: Pieces, weights: Weights) -> np.ndarray:
    """Cost of leaving out each piece, float (n,)."""
    return weights.skip + weights.skip_ink * pieces.area / (pieces.stroke * pieces.height)


def best_path(
    lattice: Lattice,
    weights: Weights,
    scores: np.ndarray,
    start: int,
    end: int,
    initial: np.ndarray,
    following: np.ndarray,
) -> Path:
    """The best characters for pieces ``start`` to ``end - 1``.

    Args:
        scores: float (n, classes), of ``class_scores``.
        initial: bool (classes,): what may be the first character.
        following: bool (classes,): what may be the others.
    """
    groups = lattice.groups
    costs, skips = group_costs(lattice, weights), skip_costs(lattice.pieces, weights)
    allowed = (np.where(initial, scores, -50.0), np.where(following, scores, -50.0))
    classes = [a.argmax(axis=1) for a in allowed]
    values = [a.max(axis=1) - costs for a in allowed]
    inside = np.flatnonzero((groups.first >= start) & (groups.last <= end))
    best = np.full(end - start + 1, -np.inf)
    best[0] = 0.0
    back: list[tuple[int, int, int]] = [(-1, -1, -1)] * (end - start + 1)
    begun = np.zeros(end - start + 1, bool)
    order = inside[np.argsort(groups.first[inside], kind="stable")]
    position = 0
    for k in range(start, end):
        here = best[k - start]
        if here - skips[k] > best[k + 1 - start]:
            best[k + 1 - start], back[k + 1 - start], begun[k + 1 - start] = (
                here - skips[k],
                (k, -1, -1),
                begun[k - start],
            )
        which = int(begun[k - start])
        while position < len(order) and groups.first[order[position]] == k:
            g = order[position]
            position += 1
            to = groups.last[g] - start
            if here + values[which][g] > best[to]:
                best[to], back[to], begun[to] = here + values[which][g], (k, int(g), int(classes[which][g])), True
    chosen, labels, k = [], [], end
    while k > start:
        previous, g, c = back[k - start]
        if g >= 0:
            chosen.append(g)
            labels.append(c)
        k = previous
    return Path(tuple(chosen[::-1]), tuple(labels[::-1]), float(best[-1]))


def _kinds(lattice: Lattice, weights: Weights) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Kinds of words: what the first character may be, what the others, and what the kind costs."""
    upper, lower, digit = (
        np.array([getattr(str, test)(label) for label in lattice.alphabet]) & lattice.allowed
        for test in ("isupper", "islower", "isdecimal")
    )
    kinds = [(lower, lower, 0.0), (upper, lower, weights.capitalised), (upper, upper, weights.capitals)]
    kinds += [(digit, digit, weights.digits), (lattice.allowed, lattice.allowed, weights.mixed)]
    return [kind for kind in kinds if kind[0].any() and kind[1].any()]


def read_word(lattice: Lattice, weights: Weights, scores: np.ndarray, start: int, end: int) -> ReadWord:
    """The best path for the pieces of one word, over all kinds of words."""
    best = None
    for initial, following, cost in _kinds(lattice, weights):
        path = best_path(lattice, weights, scores, start, end, initial, following)
        if best is None or path.score - cost > best[0]:
            best = (path.score - cost, path, initial, following)
    _, path, initial, following = best
    rows = []
    for i, (g, label) in enumerate(zip(path.groups, path.classes, strict=True)):
        # What does not fit the word's kind stays a candidate, behind the answer.
        row = np.where(following if i else initial, scores[g], scores[g] - weights.mixed)
        row = np.minimum(row, scores[g][label] - 0.01)
        row[label] = scores[g][label]
        rows.append(row)
    return ReadWord(path.groups, path.classes, tuple(rows), _is_joined(lattice, path), path.score)


def _is_joined(lattice: Lattice, path: Path) -> bool:
    """Whether most of a word's characters had to be cut from their neighbours."""
    if len(path.groups) < 3:
        return False
    begins = lattice.groups.first[list(path.groups)][1:]
    return float((lattice.pieces.cut[begins] > 0).mean()) > _JOINED


def line_metrics(lattice: Lattice, path: Path) -> LineMetrics:
    """Baseline and x-height from a first reading."""
    chosen = list(path.groups)
    sure = lattice.probabilities[chosen].max(axis=1) if chosen else np.zeros(0)
    labels = [lattice.alphabet[c] for c in path.classes]
    return fit_metrics(lattice.groups.boxes[chosen], labels, sure, lattice.pieces.height)


def read_line(lattice: Lattice, weights: Weights, *, one_word: bool = False) -> list[ReadWord]:
    """The words of a line.

    Read once without knowing the line; then again with the baseline and x-height that the first
    reading gives, word by word.
    """
    end = len(lattice.pieces)
    scores = class_scores(lattice, weights, None)
    path: Path | ReadWord = best_path(lattice, weights, scores, 0, end, lattice.allowed, lattice.allowed)
    words: list[ReadWord] = []
    for _ in range(_ROUNDS):
        metrics = line_metrics(lattice, path)
        scores = class_scores(lattice, weights, metrics)
        bounds = [0, end] if one_word else _word_bounds(lattice, path, metrics, end)
        words = [read_word(lattice, weights, scores, a, b) for a, b in pairwise(bounds)]
        path = Path(sum((w.groups for w in words), ()), sum((w.classes for w in words), ()), 0.0)
    return words


def _word_bounds(lattice: Lattice, path: Path, metrics: LineMetrics, end: int) -> list[int]:
    """First piece of every word, and the end: a word begins after a gap that is wide for this line."""
    boxes = lattice.groups.boxes[list(path.groups)]
    gaps = (boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1]) / metrics.x_height
    if not len(gaps):
        return [0, end]
    # Wide-set hands have wide spaces: the narrower of the gaps are those inside words.
    usual = max(0.0, float(np.quantile(gaps, 0.4)))
    wide = gaps > SPACE + 2.2 * usual
    firsts = lattice.groups.first[list(path.groups)][1:][wide]
    return [0, *(int(first) for first in firsts), end]


def lattice_of(
    pieces: Pieces,
    groups: Groups,
    glyphs: np.ndarray,
    probabilities: np.ndarray,
    alphabet: Alphabet,
    allowed: np.ndarray,
) -> Lattice:
    """Put together what is known of a line's groups; ``probabilities`` are those of all classes."""
    return Lattice(pieces, groups, restricted(probabilities, allowed), alphabet, allowed)
