"""Handwriting as pen strokes, and its rendering to ink."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import ARRAY_DAMAGE

#: Pixels that the longer side of a rendered character has: four for each of the glyph's 24, so
#: that pen widths differ in steps of a hundredth of the character.
RENDER_SIDE = 96
_FRACTION_BITS = 4


@dataclass(frozen=True)
class PenStrokes:
    """Samples of pen strokes in flat arrays, as UNIPEN collections are kept.

    Attributes:
        points: int16 (n, 2): x to the right, y down; a character's longer side is 1000 units.
        stroke_starts: int64 (strokes + 1,): stroke ``s`` is ``points[starts[s]:starts[s + 1]]``.
        sample_starts: int64 (samples + 1,): sample ``i`` is strokes ``starts[i]:starts[i + 1]``.
        labels: str (samples,).
        writers: str (samples,): who wrote each sample.
    """

    points: np.ndarray
    stroke_starts: np.ndarray
    sample_starts: np.ndarray
    labels: np.ndarray
    writers: np.ndarray

    @classmethod
    def from_npz(cls, path: str | Path) -> "PenStrokes":
        """Read a UNIPEN collection; raises ``DatasetError`` where the file is not one."""
        try:
            with np.load(path, allow_pickle=False) as file:
                lengths = file["stroke_lengths"].astype(np.int64)
                return cls(
                    points=file["points"],
                    stroke_starts=np.concatenate([[0], np.cumsum(lengths)]),
                    sample_starts=file["stroke_offsets"].astype(np.int64),
                    labels=file["labels"],
                    writers=file["writer_names"][file["writers"]],
                )
        except ARRAY_DAMAGE as error:
            raise DatasetError(f"{path}: not a file of pen strokes ({error})") from None

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def from_samples(cls, samples: Sequence[Sequence[np.ndarray]], labels: np.ndarray, writers: np.ndarray):
        """Put samples, each a list of strokes (n, 2), which may be empty, into flat arrays."""
        strokes = [np.asarray(stroke, np.int16).reshape(-1, 2) for sample in samples for stroke in sample]
        return cls(
            points=np.concatenate(strokes),
            stroke_starts=np.cumsum([0, *map(len, strokes)]),
            sample_starts=np.cumsum([0, *map(len, samples)]),
            labels=labels,
            writers=writers,
        )

    def take(self, rows: np.ndarray) -> "PenStrokes":
        """The samples at ``rows``, int (k,), in that order."""
        strokes, sample_starts = _gathered(self.sample_starts, rows)
        points, stroke_starts = _gathered(self.stroke_starts, strokes)
        return PenStrokes(self.points[points], stroke_starts, sample_starts, self.labels[rows], self.writers[rows])

    def __getitem__(self, index: int) -> list[np.ndarray]:
        """The strokes of one sample, each int16 (n, 2); none where it is known by its image alone."""
        first, last = self.sample_starts[index], self.sample_starts[index + 1]
        starts = self.stroke_starts[first : last + 1]
        return [self.points[a:b] for a, b in pairwise(starts)]


def _gathered(starts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Members of the chosen ranges ``starts[r]:starts[r + 1]``, and the ranges' new starts."""
    lengths = starts[rows + 1] - starts[rows]
    new = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.arange(new[-1]) + np.repeat(starts[rows] - new[:-1], lengths), new


def render(strokes: Sequence[np.ndarray], width: float, transform: np.ndarray | None = None) -> np.ndarray:
    """Draw strokes with a round pen.

    Args:
        strokes: Arrays (n, 2) of x (right) and y (down), in any unit.
        width: Pen width in thousandths of the drawing's longer side.
        transform: Optional float (2, 2) applied to the points first (rotation, shear).

    Returns:
        uint8 (h, w), 255 for ink: the longer side of the pen's path is ``RENDER_SIDE`` pixels.
    """
    paths = [np.asarray(stroke, np.float32).reshape(-1, 2) for stroke in strokes]
    if transform is not None:
        paths = [path @ transform.T.astype(np.float32) for path in paths]
    joined = np.concatenate(paths)
    low, extent = joined.min(axis=0), np.ptp(joined, axis=0)
    scale = RENDER_SIDE / max(float(extent.max()), 1e-6)
    thickness = max(1, round(width * RENDER_SIDE / 1000))
    margin = thickness // 2 + 2
    size = np.ceil(extent * scale).astype(int) + 2 * margin + 1
    ink = np.zeros((size[1], size[0]), np.uint8)
    for path in paths:
        pixels = np.round(((path - low) * scale + margin) * (1 << _FRACTION_BITS)).astype(np.int32)
        if len(pixels) == 1:
            pixels = np.repeat(pixels, 2, axis=0)
        cv2.polylines(ink, [pixels], False, 255, thickness, cv2.LINE_AA, _FRACTION_BITS)
    return ink
