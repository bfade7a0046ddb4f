"""Which pixels of a sheet are ink, and how much: on paper of one colour, and on a photo of unevenly lit paper."""

from functools import lru_cache, reduce

import cv2
import numpy as np

#: Weakest difference from the paper, of 255, that counts as ink on a flat background (the soft
#: fringe of JPEG stays below 20) and, as a share of the paper's brightness, on a photo.
FLAT_CONTRAST, PHOTO_CONTRAST = 24, 0.10
#: Where between paper (0) and full ink (1) a stroke ends. Below the half, because faint parts of
#: a stroke matter more than its exact width: at 0.45 the bars of pencilled F and A broke off.
INK_EDGE = 0.35
#: Strokes at least this share as dark as the darkest have their edge sought in their own tones, between paper and the
#: darkest within this share of the sheet's longer side: a pen held lightly in places does not break off there.
PALE_INK, NEARBY = 0.6, 0.1
#: Differences of 8 bits as shares of the whole range.
_LEVELS = np.arange(256, dtype=np.float32) / 255


def flat_paper(image: np.ndarray, spread: int) -> np.ndarray | None:
    """The one colour of a sheet, uint8 (h, w[, 3]), as float (channels,); ``None`` where its border varies more.

    Of the border 0.6 must lie within ``spread`` levels of it in every channel; not all of it has to be paper, because
    a stroke may run off the sheet.
    """
    ring = border_of(np.atleast_3d(image))
    if (ring == ring[0]).all():
        return ring[0].astype(np.float64)
    ring = ring.astype(np.int16)
    paper = np.median(ring, axis=0)
    return paper if (np.abs(ring - paper).max(axis=1) <= spread).mean() >= 0.6 else None


def ink_on_flat(part: np.ndarray, paper: np.ndarray, border: np.ndarray | None = None) -> np.ndarray | None:
    """Ink as the difference from the paper's colour in the channel where that is largest.

    Args:
        part: uint8 (h, w[, channels]), of a sheet.
        paper: float (channels,), of ``flat_paper``.
        border: ``border_of`` a sheet that was not drawn with a program, whose paper varies a little: of the whole sheet
            a bold letter may cover the larger part.

    Returns:
        uint8 (h, w), 255 for ink and 128 at its edge, or ``None`` where there is none.
    """
    difference = _difference(part, paper)
    if border is not None:
        darkness = _LEVELS[difference]
        return _stretch(darkness, FLAT_CONTRAST / 255, *_level_and_noise(_LEVELS[_difference(border[None], paper)]))
    if _is_mostly_black(difference):
        return cv2.LUT(difference, _tones_of_black())
    counts = cv2.calcHist([difference], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    tones = _stretch(_LEVELS, FLAT_CONTRAST / 255, 0.0, 0.0, counts)
    return None if tones is None else cv2.LUT(difference, tones)


def _difference(image: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Largest difference of any channel from the paper, uint8 (h, w)."""
    # In one row: OpenCV takes a column of four pixels for a scalar.
    row = image.reshape(1, image.shape[0] * image.shape[1], -1)
    difference = cv2.absdiff(row, tuple(round(level) for level in paper.tolist()))
    return reduce(cv2.max, cv2.split(difference)).reshape(image.shape[:2])


def _is_mostly_black(difference: np.ndarray) -> bool:
    """Whether the ink differs from the paper by all there is in so much of it that ``_stretch`` finds just that."""
    ink, black = (
        cv2.countNonZero(cv2.threshold(difference, least, 255, cv2.THRESH_BINARY)[1])
        for least in (FLAT_CONTRAST // 2, 254)
    )
    return black > 0 and ink - black <= int(0.9 * (ink - 1))


@lru_cache(maxsize=1)
def _tones_of_black() -> np.ndarray:
    return _stretch(_LEVELS, FLAT_CONTRAST / 255, 0.0, 0.0, (np.arange(256) == 255).astype(np.int64))


def ink_of_photo(image: np.ndarray) -> np.ndarray | None:
    """Ink of unevenly lit paper: how much darker than the paper around it, as uint8 (h, w)."""
    pixels = np.atleast_3d(image).astype(np.float32)
    height, width = pixels.shape[:2]
    if min(height, width) < 3:
        return None
    size = _fit(width, height, 96)
    thumb = np.atleast_3d(cv2.medianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), 3))
    thumb = thumb.astype(np.float32)
    if _is_light_on_dark(thumb):
        pixels, thumb = 255 - pixels, 255 - thumb
    paper = cv2.resize(_paper(thumb, max(width, height)), (width, height), interpolation=cv2.INTER_LINEAR)
    ratio = reduce(cv2.min, cv2.split(pixels / np.maximum(np.atleast_3d(paper), 1)))
    darkness = cv2.GaussianBlur(np.clip(1 - ratio, 0, 1), (0, 0), max(0.5, max(height, width) / 640))
    return _stretch(darkness, PHOTO_CONTRAST, *_level_and_noise(darkness))


def _level_and_noise(darkness: np.ndarray) -> tuple[float, float]:
    """Median and (from the median absolute deviation) standard deviation of what is mostly paper."""
    level = float(np.median(darkness))
    return level, 1.4826 * float(np.median(np.abs(darkness - level)))


def border_of(image: np.ndarray) -> np.ndarray:
    """The pixels of an image's border, uint8 (n,) or (n, channels), of uint8 (h, w[, channels])."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _kernel(thumb: np.ndarray, side: int) -> np.ndarray:
    """What is wider than this is paper, shadow or board; what is narrower can be a stroke.

    A crop of 40 pixels is mostly character, and its strokes are a fifth of it; on a whole photo
    (``side`` is its longer side in pixels) such a width is the edge of a shadow.
    """
    share = np.interp(side, (64, 256), (0.35, 0.18))
    width = max(3, int(max(thumb.shape[:2]) * share) | 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))


def _paper(thumb: np.ndarray, side: int) -> np.ndarray:
    """Brightness of the paper under the ink, float32 (h, w, c) like ``thumb``.

    A morphological closing removes strokes and keeps the edges of shadows. On a slope it is too
    bright towards the dark border, so it is also taken relative to a smooth surface, which in
    turn fails beside strong shadows; the darker of both is the paper.
    """
    kernel, surface = _kernel(thumb, side), _surface(thumb)
    even = cv2.morphologyEx(thumb / surface, cv2.MORPH_CLOSE, kernel)
    paper = np.minimum(np.atleast_3d(even) * surface, np.atleast_3d(cv2.morphologyEx(thumb, cv2.MORPH_CLOSE, kernel)))
    # Rather too dark than too bright along a shadow's edge: too bright would make ink of it.
    return np.atleast_3d(cv2.GaussianBlur(cv2.erode(paper, np.ones((3, 3))), (0, 0), 1))


def _surface(thumb: np.ndarray) -> np.ndarray:
    """The quadratic surface through the larger, even part of a thumbnail, float32 (h, w, c)."""
    height, width, channels = thumb.shape
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    values = thumb.reshape(-1, channels)
    kept = np.ones(len(values), bool)
    for _ in range(4):
        weights = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        misfit = np.abs(values - terms @ weights).max(axis=1)
        # Ink is what fits worst; it may cover as much as a third.
        kept = misfit <= max(float(np.quantile(misfit, 0.67)), 1.0)
    return np.maximum(terms @ weights, 1).reshape(thumb.shape).astype(np.float32)


def _is_light_on_dark(thumb: np.ndarray) -> bool:
    """Whether a photo shows chalk on a board rather than ink on paper.

    Decided by what differs most from the smooth surface (the third moment), something light or
    something dark; paper in the light is never as dark as a board.
    """
    gray = thumb.max(axis=2, keepdims=True)
    return float(np.median(border_of(gray))) < 150 and float(((gray - _surface(gray)) ** 3).mean()) > 0


def _stretch(
    darkness: np.ndarray, contrast: float, level: float, noise: float, counts: np.ndarray | None = None
) -> np.ndarray | None:
    """Darkness 0-1 to ink 0-255 with the edge between paper and ink at 128, or ``None``.

    ``contrast`` is the least darkness above the paper's that is taken for ink; ``level`` is the paper's
    own, and ``noise`` how much that varies (its standard deviation). ``counts``: how often each darkness
    occurs, where they are given in order and once each.
    """
    floor = level + max(contrast / 2, 4 * noise)
    stands_out = darkness > floor
    candidates = darkness[stands_out]
    if counts is not None:
        counts = counts[stands_out]
        candidates = candidates[counts > 0]
    if not candidates.size:
        return None
    # The darkest part of what stands out, not the single darkest pixel, is how dark ink is here.
    full = float(np.percentile(candidates, 90)) if counts is None else _percentile_90(candidates, counts[counts > 0])
    if full - level < contrast:
        return None
    if counts is None:
        full = _full_nearby(darkness, level, full)
    edge = np.maximum(floor, level + INK_EDGE * (full - level))
    soft = np.clip((darkness - edge) / np.maximum(full - edge, 1e-6), -1, 1)
    ink = (127.5 + 127.5 * soft).astype(np.uint8)
    ink[ink == 127] = 128  # the edge itself is ink
    return ink


def _full_nearby(darkness: np.ndarray, level: float, full: float) -> np.ndarray:
    """How dark ink is around every pixel, float (h, w), where paper has ``level`` and the darkest ink is ``full``."""
    side = max(3, round(NEARBY * max(darkness.shape)))
    darkest = cv2.blur(cv2.dilate(darkness, np.ones((side, side), np.uint8)), (side, side))
    return np.clip(darkest, level + PALE_INK * (full - level), full)


def _percentile_90(values: np.ndarray, counts: np.ndarray) -> float:
    """``np.percentile(..., 90)`` of values in order that occur so often, many times faster."""
    until = counts.cumsum()
    at = 0.9 * (int(until[-1]) - 1)
    low, high = (float(values[until.searchsorted(int(at) + step, "right")]) for step in (0, at > int(at)))
    return low + (high - low) * (at - int(at))
