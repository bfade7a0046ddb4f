"""Pieces of a line to characters and words: the best path through all groupings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.lattice import Lattice, PlacedLine, ScoredLine, Weights, group_costs
from hcr_core.line_context import LineMetrics, fit_metrics

#: A gap of this many x-heights beyond twice the line's usual one is a space: 0.3 of the line's height.
SPACE = 0.45
#: A word is joined if more than this share of its characters had to be cut from their neighbours.
_JOINED = 0.6
#: Readings of a line, each with the heights that the last one gave.
_ROUNDS = 2


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


@dataclass(frozen=True)
class Kind:
    """A kind of words: what the first character may be, what the others, both bool (classes,), and what it costs."""

    initial: np.ndarray
    following: np.ndarray
    cost: float


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


def best_kind(placed: PlacedLine, known: list[Kind], start: int, end: int) -> tuple[Path, Kind]:
    """The best path for the pieces of one word, over all kinds of words, and its kind."""
    any_class = placed.line.lattice.allowed
    # No kind's path is better than that of all classes: of most words, few kinds have to be tried.
    free = best_path(placed, start, end, any_class, any_class)
    best, best_score = None, -np.inf
    for kind in known:
        if free.score - kind.cost <= best_score:
            continue
        free_too = kind.initial is any_class
        path = free if free_too else best_path(placed, start, end, kind.initial, kind.following)
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
        return placed, bounds, [best_kind(placed, known, a, b) for a, b in bounds]

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
