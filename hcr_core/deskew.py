"""How a page lies: rotated a little, or by a quarter or half turn."""

import cv2
import numpy as np

#: Degrees that a page is searched for lines of writing in, to both sides.
MAX_SKEW = 15.0
#: A page is turned only if its lines become this much clearer.
_GAIN = 1.05
#: Lines up or down the page are this much clearer than lines across it, or less clear.
_CLEARLY = 1.6
#: So much wider than high are joined-up words.
_WIDE = 2.5
#: With fewer characters, ascenders and descenders say more of the rows than the line does.
_LEAST_CHARACTERS = 14
#: Ink pixels looked at: more do not change the angle.
_SAMPLE = 20_000


def _sharpness(x: np.ndarray, y: np.ndarray, degrees: float, bins: float) -> float:
    """How unequal the rows of writing are once turned: the sum of squared differences between
    neighbouring rows (Postl, "Detection of linear oblique structures and skew scan", 1986)."""
    turn = np.deg2rad(degrees)
    rows = np.floor((y * np.cos(turn) - x * np.sin(turn)) / bins).astype(int)
    counts = np.bincount(rows - rows.min()).astype(float)
    return float((np.diff(counts, prepend=0, append=0) ** 2).sum())


def _points(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.nonzero(ink >= 128)
    if len(x) > _SAMPLE:
        chosen = np.random.default_rng(0).choice(len(x), _SAMPLE, replace=False)
        x, y = x[chosen], y[chosen]
    return x.astype(np.float32), y.astype(np.float32)


def skew(ink: np.ndarray, count: int | None = None) -> float:
    """Degrees by which lines of writing fall to the right; 0 where that is not clear.

    Args:
        ink: uint8 (h, w), 255 for ink.
        count: ``character_count``, where it is known.
    """
    if (character_count(ink) if count is None else count) < _LEAST_CHARACTERS:
        return 0.0
    x, y = _points(ink)
    bins = max(1.0, max(ink.shape) / 400)
    coarse = np.arange(-MAX_SKEW, MAX_SKEW + 0.1, 1.0)
    best = max(coarse, key=lambda angle: _sharpness(x, y, angle, bins))
    fine = best + np.arange(-0.8, 0.81, 0.2)
    best = max(fine, key=lambda angle: _sharpness(x, y, angle, bins))
    if _sharpness(x, y, best, bins) < _GAIN * _sharpness(x, y, 0.0, bins):
        return 0.0
    return float(best)


def character_count(ink: np.ndarray) -> int:
    """About how many characters or joined words there are."""
    return len(_characters(ink))


def _characters(ink: np.ndarray) -> np.ndarray:
    """Widths and heights of the components of no unusual size, int (n, 2)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((ink >= 128).astype(np.uint8), connectivity=8)
    boxes = stats[1:, 2:4]
    sizes = boxes.max(axis=1, initial=0)
    if not len(sizes):
        return boxes
    usual = np.median(sizes[sizes > 0.2 * np.percentile(sizes, 95)])
    return boxes[(sizes > 0.4 * usual) & (sizes < 4 * usual)]


def rotated(image: np.ndarray, degrees: float, border: int = 0) -> np.ndarray:
    """An image turned counterclockwise about its centre, at the same size."""
    matrix = rotation(image.shape, degrees)
    return cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderValue=border)


def rotation(shape: tuple[int, ...], degrees: float) -> np.ndarray:
    """float (2, 3): where the pixels of an image go in ``rotated``."""
    return cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), degrees, 1.0)


def is_sideways(ink: np.ndarray, count: int | None = None) -> bool | None:
    """Whether the lines of writing run up or down the page: gaps between columns, none between rows. ``None`` where
    that does not tell, as of few characters. ``count`` is ``character_count``, where it is known.
    """
    if (character_count(ink) if count is None else count) < _LEAST_CHARACTERS:
        widths, heights = _characters(ink).T
        return False if len(widths) and np.median(widths / heights) > _WIDE else None
    x, y = _points(ink)
    bins = max(1.0, max(ink.shape) / 400)
    angles = np.arange(-MAX_SKEW, MAX_SKEW + 0.1, 3.0)
    along = max(_sharpness(x, y, angle, bins) for angle in angles)
    across = max(_sharpness(y, x, angle, bins) for angle in angles)
    return across > along if max(across, along) > _CLEARLY * min(across, along) else None
