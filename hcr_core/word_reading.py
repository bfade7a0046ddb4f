"""Pieces of a line to characters and words: the best path through all groupings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from hcr_core.alphabet import Alphabet, restricted
from hcr_core.grouping_model import CLASSES
from hcr_core.line_context import LineMetrics, expected_heights, fit_metrics, misfit
from hcr_core.segmentation import Groups, Pieces

#: A gap of this many x-heights beyond twice the line's usual one is a space: 0.3 of the line's height.
SPACE = 0.45
#: A word is joined if more than this share of its characters had to be cut from their neighbours.
_JOINED = 0.6
#: In heights, the size of punctuation, and what reading a character of it has to beat (nats): the
#: alphabets have none.
_MARK, _MARK_COST = 0.45, -10.0
#: Log-score of a class that is not allowed.
_NEVER = -50.0
#: Readings of a line, each with the heights that the last one gave.
_ROUNDS = 2


@dataclass(frozen=True)
class Weights:
    """What counts how much on a path, in natural logarithms of probability.

    Chosen by ``benchmarks.word_weights``: on UNIPEN words of held-back writers and on lines of training characters.
    """

    #: Temperature of the network's logarithms: it is surer of ill-cut shapes than it should be.
    shape: float = 0.25
    #: Weight of the grouping network's logarithms, of the class and of being a whole character.
    in_words: float = 0.26
    whole: float = 1.05
    #: Share of what the network says on classes of one shape, before the line's heights decide.
    lookalike: float = 0.71
    #: Reward of a character, so that few characters are not preferred for being few.
    character: float = 2.6
    #: Cost of a cut: any, and per stroke width of ink.
    cut: float = 0.14
    cut_ink: float = 0.15
    #: Cost per height of two neighbours' overlap, and of a gap inside a character.
    overlap: float = 2.0
    gap: float = 1.5
    #: Cost of leaving out ink, per piece and per height of stroke.
    skip: float = 0.45
    skip_ink: float = 2.2
    #: Weight and limit of the misfit of a character's top and bottom.
    height: float = 0.77
    height_limit: float = 4.0
    #: Costs of kinds of words: capitalised, all capitals, all digits, mixed.
    capitalised: float = 0.3
    capitals: float = 0.35
    digits: float = 0.7
    mixed: float = 5.1


@dataclass(frozen=True)
class Lattice:
    """All groupings of a line with what the model says of each.

    Attributes:
        probabilities: float (n, classes), among the classes allowed.
        in_words: float (n, classes): what the grouping network says of each class, case aside, or of
            an unknown class the recognition network.
        whole: float (n,): probability that a group is one whole character.
    """

    pieces: Pieces
    groups: Groups
    probabilities: np.ndarray
    in_words: np.ndarray
    whole: np.ndarray
    alphabet: Alphabet
    allowed: np.ndarray


@dataclass(frozen=True)
class ReadWord:
    """A word as it was read.

    Attributes:
        groups: From left to right.
        classes: Of the groups.
        scores: Log-scores, float (classes,), of each.
        joined: Whether it looks joined.
        score: The path's.
        cost: Of its kind of words.
        before: What was read before a language's words were asked, where that changed it.
    """

    groups: tuple[int, ...]
    classes: tuple[int, ...]
    scores: tuple[np.ndarray, ...]
    joined: bool
    score: float
    cost: float = 0.0
    before: str | None = None


@dataclass(frozen=True)
class Path:
    """Groups chosen, from left to right, and their classes."""

    groups: tuple[int, ...]
    classes: tuple[int, ...]
    score: float


def shape_scores(lattice: Lattice, weights: Weights) -> np.ndarray:
    """Logarithm of how well every class fits every group as it looks, float (n, classes)."""
    p = np.maximum(lattice.probabilities, 1e-6)
    shape_groups = lattice.alphabet.shape_groups
    together = np.zeros((len(p), int(shape_groups.max()) + 1))
    for i, shape in enumerate(shape_groups):
        together[:, shape] += lattice.probabilities[:, i]
    shape = np.log(np.maximum(together, 1e-4))[:, shape_groups]
    scores = weights.shape * (
        shape + weights.lookalike * (np.log(p) - np.log(np.maximum(together[:, shape_groups], 1e-6)))
    )
    return scores + weights.in_words * np.log(np.maximum(lattice.in_words, 1e-4))


def placed_scores(scores: np.ndarray, lattice: Lattice, weights: Weights, metrics: LineMetrics | None) -> np.ndarray:
    """``shape_scores`` less the misfit of every class's place in the line, float (n, classes)."""
    if metrics is not None:
        boxes, labels = lattice.groups.boxes, lattice.alphabet.labels
        bars = scores[:, labels.index("l")] if {"i", "l"} <= set(labels) else None
        scores = scores - weights.height * misfit(
            boxes, metrics, expected_heights(lattice.alphabet), weights.height_limit
        )
        if bars is not None:
            # A bar as high as an x is an i whose dot was forgotten.
            short = misfit(boxes, metrics, np.array([[1.0, 0.0]]), weights.height_limit)[:, 0]
            i = labels.index("i")
            scores[:, i] = np.maximum(scores[:, i], bars - weights.height * short)
    return np.where(lattice.allowed, scores, _NEVER)


def group_costs(lattice: Lattice, weights: Weights) -> np.ndarray:
    """Costs of the groups that do not depend on the class, float (n,)."""
    groups, pieces = lattice.groups, lattice.pieces
    before = boundary_costs(pieces, weights)
    whole = np.clip(lattice.whole, 1e-3, 1 - 1e-3)
    odds = np.log(whole / (1 - whole))
    return weights.gap * np.maximum(groups.gap, 0) + before[groups.first] - weights.character - weights.whole * odds


def boundary_costs(pieces: Pieces, weights: Weights) -> np.ndarray:
    """Cost of beginning a character before each piece, float (n + 1,)."""
    boxes = pieces.boxes
    right = np.maximum.accumulate(np.concatenate([[-np.inf], boxes[:, 2]]))
    left = np.minimum.accumulate(np.concatenate([boxes[:, 0], [np.inf]])[::-1])[::-1]
    overlap = np.clip((right - left) / pieces.height, 0, 1)
    return weights.cut * (pieces.cut > 0) + weights.cut_ink * pieces.cut + weights.overlap * overlap


def skip_costs(pieces: Pieces, weights: Weights) -> np.ndarray:
    """Cost of leaving out each piece, float (n,).

    Nothing is lost with a comma or a full stop: small, low, and joined to nothing.
    """
    costs = weights.skip + weights.skip_ink * pieces.area / (pieces.stroke * pieces.height)
    boxes = pieces.boxes
    heights, widths = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    alone = (pieces.cut[:-1] == 0) & (pieces.cut[1:] == 0)
    foot = np.quantile(boxes[:, 3], 0.5) if len(boxes) else 0.0
    low = boxes[:, 1] > foot - 0.3 * pieces.height
    mark = alone & low & (heights < _MARK * pieces.height) & (widths < _MARK * pieces.height)
    return np.where(mark, _MARK_COST, costs)


@dataclass(frozen=True)
class Kind:
    """A kind of words: what the first character may be, what the others, both bool (classes,), and what it costs."""

    initial: np.ndarray
    following: np.ndarray
    cost: float


@dataclass(frozen=True)
class ScoredLine:
    """A line with everything counted once, however many paths are tried.

    Attributes:
        lattice: Its groupings.
        shapes: float (n, classes), of ``shape_scores``.
        costs: float (n,), of ``group_costs``.
        skips: Of leaving out each piece.
        starts: Of every piece the groups that begin with it: each group and one past its last piece.
    """

    lattice: Lattice
    shapes: np.ndarray
    costs: np.ndarray
    skips: list[float]
    starts: list[list[tuple[int, int]]]

    @classmethod
    def of(cls, lattice: Lattice, weights: Weights) -> "ScoredLine":
        groups = lattice.groups
        starts: list[list[tuple[int, int]]] = [[] for _ in range(len(lattice.pieces))]
        for i, (first, last) in enumerate(zip(groups.first.tolist(), groups.last.tolist(), strict=True)):
            starts[first].append((i, last))
        skips = skip_costs(lattice.pieces, weights).tolist()
        return cls(lattice, shape_scores(lattice, weights), group_costs(lattice, weights), skips, starts)


class PlacedLine:
    """A line whose baseline and x-height are known or taken for granted: ``scores`` are float (n, classes)."""

    def __init__(self, line: ScoredLine, weights: Weights, metrics: LineMetrics | None):
        self.line = line
        self.scores = placed_scores(line.shapes, line.lattice, weights, metrics)
        self._choices: dict[bytes, tuple[list[int], list[float]]] = {}

    def choice(self, mask: np.ndarray) -> tuple[list[int], list[float]]:
        """Of every group the best class of ``mask``, and its score less the group's costs."""
        key = mask.tobytes()
        if key not in self._choices:
            among = np.where(mask, self.scores, _NEVER)
            self._choices[key] = among.argmax(axis=1).tolist(), (among.max(axis=1) - self.line.costs).tolist()
        return self._choices[key]


def best_path(placed: PlacedLine, start: int, end: int, initial: np.ndarray, following: np.ndarray) -> Path:
    """The best characters for pieces ``start`` to ``end - 1``.

    Args:
        placed: The line.
        start: The first piece.
        end: One past the last piece.
        initial: bool (classes,): what may be the first character.
        following: bool (classes,): what may be the others.
    """
    starts, skips = placed.line.starts, placed.line.skips
    # What may be first, then what may follow.
    choices = [placed.choice(initial), placed.choice(following)]
    best = [0.0] + [-np.inf] * (end - start)
    back = [(-1, -1)] * (end - start + 1)
    begun = [0] * (end - start + 1)
    for k in range(end - start):
        if best[k] - skips[start + k] > best[k + 1]:
            best[k + 1], back[k + 1], begun[k + 1] = best[k] - skips[start + k], (k, -1), begun[k]
        values = choices[begun[k]][1]
        for g, last in starts[start + k]:
            if last <= end and best[k] + values[g] > best[last - start]:
                best[last - start], back[last - start], begun[last - start] = best[k] + values[g], (k, g), 1
    chosen, k = [], end - start
    while k > 0:
        k, g = back[k]
        if g >= 0:
            chosen.append(g)
    chosen.reverse()
    labels = [choices[min(i, 1)][0][g] for i, g in enumerate(chosen)]
    return Path(tuple(chosen), tuple(labels), float(best[-1]))


def kinds(alphabet: Alphabet, allowed: np.ndarray, weights: Weights) -> list[Kind]:
    """The kinds of words that can be written with the classes allowed."""
    upper, lower, digit = (
        np.array([getattr(str, test)(label) for label in alphabet]) & allowed
        for test in ("isupper", "islower", "isdecimal")
    )
    known = [Kind(lower, lower, 0.0), Kind(upper, lower, weights.capitalised), Kind(upper, upper, weights.capitals)]
    known += [Kind(digit, digit, weights.digits), Kind(allowed, allowed, weights.mixed)]
    return [kind for kind in known if kind.initial.any() and kind.following.any()]


def best_kind(placed: PlacedLine, known: list[Kind], weights: Weights, start: int, end: int) -> tuple[Path, Kind]:
    """The best path for the pieces of one word, over all kinds of words, and its kind."""
    any_class = placed.line.lattice.allowed
    # No kind's path is better than that of all classes: of most words, few kinds have to be tried.
    free = best_path(placed, start, end, any_class, any_class)
    best, best_score = None, -np.inf
    for kind in known:
        if free.score - kind.cost <= best_score:
            continue
        is_free = kind.initial is any_class
        path = free if is_free else best_path(placed, start, end, kind.initial, kind.following)
        if path.score - kind.cost > best_score:
            best, best_score = (path, kind), path.score - kind.cost
    return best


def word_of(placed: PlacedLine, path: Path, kind: Kind, weights: Weights) -> ReadWord:
    """What a word's path says, with all candidates."""
    rows = candidate_rows(placed.scores, path.groups, path.classes, kind, weights)
    return ReadWord(path.groups, path.classes, rows, _is_joined(placed.line.lattice, path), path.score, kind.cost)


def candidate_rows(
    scores: np.ndarray, groups: Sequence[int], classes: Sequence[int], kind: Kind, weights: Weights
) -> tuple[np.ndarray, ...]:
    """Log-scores of every candidate of a word's characters, float (classes,) each, the answer first.

    What does not fit the word's kind stays a candidate, behind the answer.
    """
    rows = []
    for i, (g, label) in enumerate(zip(groups, classes, strict=True)):
        row = np.where(kind.following if i else kind.initial, scores[g], scores[g] - weights.mixed)
        row = np.minimum(row, scores[g][label] - 0.01)
        row[label] = scores[g][label]
        rows.append(row)
    return tuple(rows)


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


#: A word, the line it stands in, the kinds there are, the first of its pieces and one past the last: to another word.
Respell = Callable[[ReadWord, PlacedLine, list[Kind], int, int], ReadWord]


def read_line(
    lattice: Lattice, weights: Weights, *, one_word: bool = False, respell: Respell | None = None
) -> list[ReadWord]:
    """The words of a line.

    Read once without knowing the line; then again with the baseline and x-height that the first
    reading gives, word by word; in the end ``respell`` may change each.
    """
    end, line = len(lattice.pieces), ScoredLine.of(lattice, weights)
    known = kinds(lattice.alphabet, lattice.allowed, weights)

    @cache
    def tried(metrics: LineMetrics, groups: tuple[int, ...]) -> tuple[PlacedLine, list[tuple[int, int]], list]:
        placed = PlacedLine(line, weights, metrics)
        bounds = list(pairwise([0, end] if one_word else _word_bounds(lattice, groups, metrics, end)))
        return placed, bounds, [best_kind(placed, known, weights, a, b) for a, b in bounds]

    path = best_path(PlacedLine(line, weights, None), 0, end, lattice.allowed, lattice.allowed)
    for _ in range(_ROUNDS):
        readings = [tried(metrics, path.groups) for metrics in _hypotheses(lattice, path)]
        placed, bounds, found = max(readings, key=lambda reading: sum(word.score for word, _ in reading[2]))
        groups, classes = sum((p.groups for p, _ in found), ()), sum((p.classes for p, _ in found), ())
        if (groups, classes) == (path.groups, path.classes):
            break  # the same readings again
        path = Path(groups, classes, 0.0)
    words = [word_of(placed, word, kind, weights) for word, kind in found]
    if respell is None:
        return words
    return [respell(word, placed, known, a, b) for word, (a, b) in zip(words, bounds, strict=True)]


def _hypotheses(lattice: Lattice, path: Path) -> list[LineMetrics]:
    """Where the line may stand: as it was read; or all of it capitals or digits; or all small.

    In words without both tall and short characters o and O look alike, and the first reading may
    have taken the wrong one.
    """
    boxes = lattice.groups.boxes[list(path.groups)]
    alike = [fit_metrics(boxes, [label] * len(boxes), np.ones(len(boxes)), lattice.pieces.height) for label in "Hx"]
    return [line_metrics(lattice, path), *(alike if len(boxes) else ())]


def _word_bounds(lattice: Lattice, groups: tuple[int, ...], metrics: LineMetrics, end: int) -> list[int]:
    """First piece of every word, and the end: a word begins after a gap that is wide for this line."""
    boxes = lattice.groups.boxes[list(groups)]
    gaps = (boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1]) / metrics.x_height
    if not len(gaps):
        return [0, end]
    # Wide-set hands have wide spaces: the narrower of the gaps are those inside words.
    usual = max(0.0, float(np.quantile(gaps, 0.4)))
    wide = gaps > SPACE + 2.2 * usual
    firsts = lattice.groups.first[list(groups)][1:][wide]
    return [0, *(int(first) for first in firsts), end]


def legibility(lattice: Lattice, words: Sequence[ReadWord], weights: Weights) -> float:
    """How well a line reads: what its characters add to its path. What is left out counts for nothing, else a page
    that lies on its side, in dots and dashes, would seem to be full of clear punctuation."""
    costs = group_costs(lattice, weights)
    chosen = (
        (g, c, scores) for word in words for g, c, scores in zip(word.groups, word.classes, word.scores, strict=True)
    )
    return sum(float(scores[c] - costs[g]) for g, c, scores in chosen)


def lattice_of(
    pieces: Pieces,
    groups: Groups,
    probabilities: np.ndarray,
    folded: np.ndarray,
    whole: np.ndarray,
    alphabet: Alphabet,
    allowed: np.ndarray,
) -> Lattice:
    """Put together what is known of a line's groups.

    Args:
        pieces: The line's.
        groups: Of them.
        probabilities: float (n, classes), the recognition network's, of all classes.
        folded: float (n, 36), the grouping network's, of ``CLASSES``.
        whole: float (n,), that a group is one whole character.
        alphabet: The classes.
        allowed: bool (classes,): those to choose from.
    """
    shares = restricted(probabilities, allowed)
    in_words = shares.copy()
    for i, label in enumerate(alphabet):
        if label.lower() in CLASSES:
            in_words[:, i] = folded[:, CLASSES.index(label.lower())]
    return Lattice(pieces, groups, shares, in_words, whole, alphabet, allowed)
