"""All that may be characters in a line, and how well each fits every class: what paths are looked for in."""

from dataclasses import dataclass

import numpy as np

from hcr_core.alphabet import Alphabet, restricted
from hcr_core.grouping_model import CLASSES
from hcr_core.line_context import LineMetrics, expected_heights, misfit
from hcr_core.segmentation import Groups, Pieces

#: In heights, the size of punctuation, and what reading a character of it has to beat (nats): the
#: alphabets have none.
_MARK, _MARK_COST = 0.45, -10.0
#: Log-score of a class that is not allowed.
_NEVER = -50.0


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
