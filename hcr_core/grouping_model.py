"""Two small networks that say of a group of pieces whether it is one whole character, and which.

The recognition network saw only whole characters: it is as sure of half an m as of an n. These learned
from words cut up, where pieces of characters, pairs of them and strokes that join them are told apart
(``hcr_core.training.grouping``). The first knows how a group lies and drops, before anything is drawn or
recognized, what cannot be a character; the second also sees it, alone and among its neighbours.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from hcr_core.group_features import geometry
from hcr_core.inference import Network
from hcr_core.segmentation import Groups, Pieces

#: The second network, and the weights of the first.
NETWORK = Path(__file__).parent / "grouping.tflite"
FIRST_LOOK = Path(__file__).parent / "grouping_first_look.npz"
#: What it can answer; case is left to the line of writing.
CLASSES = "0123456789abcdefghijklmnopqrstuvwxyz"
#: What a character adds to a path's score at the first look, so that few are not preferred for being few, what
#: leaving out a piece costs, and how far behind the best a path may be; in nats. With 10 a page has twice as many
#: groups, and lines of validation 0.3 points fewer errors.
_CHARACTER, _SKIP, _BEHIND = 1.5, 3.0, 7.0


class FirstLook:
    """A perceptron of two hidden layers on ``geometry``, and the probability below which a group is dropped."""

    def __init__(self, path: Path = FIRST_LOOK):
        with np.load(path) as file:
            self._layers = [(file[f"weights{i}"], file[f"bias{i}"]) for i in range(3)]
            self._least = float(file["least"])

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Of being one whole character, float (n,), of ``geometry`` (n, 13)."""
        for i, (weights, bias) in enumerate(self._layers):
            rows = rows @ weights + bias
            rows = np.maximum(rows, 0) if i < 2 else rows
        return 1 / (1 + np.exp(-np.clip(rows[:, 0], -30, 30)))

    def likely(self, pieces: Pieces, groups: Groups) -> Groups:
        """The groups that may be characters: those on a path through the line nearly as good as the best."""
        if not len(groups):
            return groups
        whole = np.clip(self.probabilities(geometry(pieces, groups)), 1e-4, 1 - 1e-4)
        behind = behind_best(groups.first, groups.last, np.log(whole / (1 - whole)) + _CHARACTER, len(pieces))
        return groups.take((whole >= self._least) & (behind <= _BEHIND) | (behind <= 0))


def behind_best(first: np.ndarray, last: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """By how much the best path through each group scores less than the best of all, float (n,).

    Paths lead from piece 0 past piece ``count - 1``, every group from its first piece past its last one; a
    piece may be left out for ``_SKIP``.
    """
    steps: list[list[tuple[int, float]]] = [[(k + 1, -_SKIP)] for k in range(count)]
    for start, end, score in zip(first.tolist(), last.tolist(), scores.tolist(), strict=True):
        steps[start].append((end, score))
    reached, left = [0.0] + [-np.inf] * count, [-np.inf] * count + [0.0]
    for k in range(count):
        for end, score in steps[k]:
            reached[end] = max(reached[end], reached[k] + score)
    for k in range(count - 1, -1, -1):
        left[k] = max(left[end] + score for end, score in steps[k])
    return reached[count] - (np.array(reached)[first] + scores + np.array(left)[last]) - 1e-9


class GroupingModel:
    """The second network, ready to use; may be shared by threads."""

    def __init__(self) -> None:
        self._network = Network(NETWORK.read_bytes())

    def classify(self, glyphs: np.ndarray, contexts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the groups are.

        Args:
            glyphs: uint8 (n, 28, 28).
            contexts: uint8 (n, 32, 32, 2), of ``context_images``.
            rows: float32 (n, 17): ``geometry`` and ``sureness``.

        Returns:
            Probabilities of ``CLASSES``, float32 (n, 36), and of being one whole character, float32 (n,).
        """
        inputs = {"glyph": glyphs[..., None], "context": contexts, "rows": rows}
        whole, classes = sorted(self._network.run(inputs), key=lambda output: output.shape[1])
        return classes, whole[:, 0]


@lru_cache(maxsize=1)
def grouping_model() -> GroupingModel:
    """The shipped second network, loaded once."""
    return GroupingModel()


@lru_cache(maxsize=1)
def first_look() -> FirstLook:
    """The shipped first network, loaded once."""
    return FirstLook()
