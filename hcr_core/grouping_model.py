"""A small network that says of a group of pieces whether it is one whole character, and which.

The recognition network saw only whole characters: it is as sure of half an m as of an n. This one
learned from cut-up words of UNIPEN writers and from composed lines, where pieces of characters,
pairs of them and strokes that join them are told apart (``benchmarks/grouping_training.py``).
"""

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from hcr_core.alphabet import Alphabet
from hcr_core.segmentation import Groups, Pieces

#: The network, and the mean and deviation of each feature in its training data.
_NETWORK = Path(__file__).parent / "grouping.tflite"
_SCALE = Path(__file__).parent / "grouping_features.npz"
#: What it can answer; case is left to the line of writing.
CLASSES = "0123456789abcdefghijklmnopqrstuvwxyz"
_BATCH = 256


def features(pieces: Pieces, groups: Groups, probabilities: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """How every group lies in its line and how sure the recognition network is, float32 (n, 15).

    Widths, heights and gaps are in typical heights, cuts in stroke widths; ``probabilities`` is
    float (n, classes) of the network.
    """
    boxes, unit = groups.boxes, pieces.height
    width, height = (boxes[:, 2] - boxes[:, 0]) / unit, (boxes[:, 3] - boxes[:, 1]) / unit
    right = np.maximum.accumulate(np.concatenate([[-np.inf], pieces.boxes[:, 2]]))
    left = np.minimum.accumulate(np.concatenate([pieces.boxes[:, 0], [np.inf]])[::-1])[::-1]
    gap = np.clip((left - right) / unit, -1, 1)
    shapes = alphabet.shape_groups
    together = np.zeros((len(groups), int(shapes.max()) + 2))
    np.add.at(together.T, shapes, probabilities.T)
    together.sort(axis=1)
    entropy = -(probabilities * np.log(probabilities + 1e-9)).sum(axis=1)
    columns = [
        *(width, height, np.log(width / height + 0.02), (groups.last - groups.first) / 4),
        *(groups.gap * 3, np.minimum(groups.inner, 8) / 3, pieces.cut[groups.first], pieces.cut[groups.last]),
        *(gap[groups.first], gap[groups.last]),
        *(np.log(together[:, -1] + 1e-4) / 2, together[:, -1] - together[:, -2], entropy),
        *((boxes[:, 1] - pieces.boxes[:, 1].min()) / unit, (pieces.boxes[:, 3].max() - boxes[:, 3]) / unit),
    ]
    return np.column_stack(columns).astype(np.float32)


class GroupingModel:
    """The network, ready to use; may be shared by threads."""

    def __init__(self) -> None:
        with np.load(_SCALE) as file:
            self._mean, self._deviation = file["mean"], file["deviation"]
        self._lock = threading.Lock()
        self._interpreter = Interpreter(model_path=str(_NETWORK), num_threads=2)
        inputs = self._interpreter.get_input_details()
        self._glyphs, self._features = sorted(inputs, key=lambda i: -len(i["shape"]))
        outputs = self._interpreter.get_output_details()
        self._classes, self._whole = sorted(outputs, key=lambda o: -o["shape"][-1])

    def classify(self, glyphs: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the groups are.

        Args:
            glyphs: uint8 (n, 28, 28).
            rows: float32 (n, 15), of ``features``.

        Returns:
            Probabilities of ``CLASSES``, float32 (n, 36), and of being one whole character, float32 (n,).
        """
        classes, whole = np.empty((len(glyphs), len(CLASSES)), np.float32), np.empty(len(glyphs), np.float32)
        rows = (rows - self._mean) / self._deviation
        for start in range(0, len(glyphs), _BATCH):
            part = slice(start, start + _BATCH)
            images = glyphs[part, ..., None].astype(np.float32) / 255
            with self._lock:
                network = self._interpreter
                network.resize_tensor_input(self._glyphs["index"], images.shape)
                network.resize_tensor_input(self._features["index"], rows[part].shape)
                network.allocate_tensors()
                network.set_tensor(self._glyphs["index"], images)
                network.set_tensor(self._features["index"], rows[part].astype(np.float32))
                network.invoke()
                classes[part] = network.get_tensor(self._classes["index"])
                whole[part] = network.get_tensor(self._whole["index"])[:, 0]
        return classes, whole


@lru_cache(maxsize=1)
def grouping_model() -> GroupingModel:
    """The shipped network, loaded once."""
    return GroupingModel()
