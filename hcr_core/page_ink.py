"""A sheet or photo of writing to its ink, in any light, on any paper: the page's counterpart of
``preprocessing.extract_character``, which knows that there is but one character."""

from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np

from hcr_core.imaging import flatten
from hcr_core.preprocessing import Box

#: Longer side of the image that ink is searched in: 40 lines of an A4 page have 50 pixels each.
PAGE_SIDE = 2000
#: Longer side of the image that the paper's brightness is taken from.
_PAPER_SIDE = 250
#: What is narrower than this share of the image can be a stroke, what is wider is paper, shadow or
#: table. The strokes of a word that fills a small crop reach a tenth.
_STROKE_SHARE = 0.13
#: Outside a sheet it is darker than this share of its brightness: of a table of the sheet's own
#: colour (which a shadow could be, too), and of a coloured one, whose share of a channel differs by the third.
_EDGE_OF_DARK_TABLE, _EDGE_OF_TABLE, _TABLE_TINT = 0.4, 0.75, 0.04
#: Ink that comes as near to the image's border as this share of its side may come from outside the sheet.
_BORDER_SHARE = 0.015
#: Least darkness relative to the paper, of 255, that is ink: pencil on gray paper has 30.
_CONTRAST = 22
#: Where between paper (0) and full ink (1) a stroke ends, as in ``preprocessing.INK_EDGE``.
_EDGE = 0.4
#: Ink joined to nothing darker than this share of full ink shows through from the other side.
_SURE_EDGE = 0.55
#: Two lines that are no ink are no darker than this share of it where they cross.
_DARK_EDGE = 0.75
#: Share of a letter's size below which a component may be a speck, and how many there have to be at least.
_SPECK, _SPECKS = 0.25, 20


@dataclass(frozen=True)
class PageInk:
    """What ``find_ink`` saw on the way.

    Attributes:
        original: uint8 (h, w) or (h, w, 3) RGB: the image at the size it is worked on.
        background: uint8 like ``original``: the paper without its ink.
        ink: uint8 (h, w), 255 for ink, its edge at 128.
        scale: Pixels here for one pixel of the image.
    """

    original: np.ndarray
    background: np.ndarray
    ink: np.ndarray
    scale: float


def find_ink(image: np.ndarray) -> PageInk:
    """All ink on a sheet.

    Args:
        image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.

    Returns:
        The ink, black where nothing is written.

    Raises:
        ImageError: Not an image array.
    """
    image = flatten(image)
    scale = min(1.0, PAGE_SIDE / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, _scaled(image, scale), interpolation=cv2.INTER_AREA)
    original, thumb = image, _thumb(image)
    sheet = _on_paper(thumb, image.shape)
    # A sheet on a dark table is light on dark, too, but what is written on it is not.
    if sheet.all() and _is_light_on_dark(thumb):
        image = 255 - image
        thumb = _thumb(image)
    background = _background(thumb, image.shape)
    # Ink is what is darker than its paper in any channel: yellow only is in the blue one.
    channels = zip(cv2.split(image), cv2.split(background), strict=True)
    ratio = reduce(cv2.min, (cv2.divide(pixels, paper, scale=255) for pixels, paper in channels))
    darkness = 255 - ratio
    darkness[~sheet] = 0
    return PageInk(original, background, _without_border(_stretched(darkness)), scale)


def _scaled(image: np.ndarray, scale: float) -> tuple[int, int]:
    return max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))


def _thumb(image: np.ndarray) -> np.ndarray:
    scale = min(1.0, _PAPER_SIDE / max(image.shape[:2]))
    return cv2.resize(image, _scaled(image, scale), interpolation=cv2.INTER_AREA)


def _disk(diameter: float) -> np.ndarray:
    side = max(3, int(diameter) | 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _is_light_on_dark(thumb: np.ndarray) -> bool:
    """Whether this is chalk on a board: a dark sheet whose details are lighter than what is around them."""
    gray = (thumb if thumb.ndim == 2 else thumb.max(axis=2)).astype(np.float32)
    if float(np.median(gray)) >= 150:
        return False
    details = gray - cv2.GaussianBlur(gray, (0, 0), _STROKE_SHARE * max(gray.shape))
    return float((details**3).mean()) > 0


def _background(thumb: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The paper under the ink of an image of that shape, and like it.

    A closing fills in what is darker and narrower than its kernel, and keeps the edges of shadows.
    """
    thumb = cv2.medianBlur(thumb, 3)
    closed = cv2.morphologyEx(thumb, cv2.MORPH_CLOSE, _disk(_STROKE_SHARE * max(thumb.shape[:2])))
    # Slightly too dark rather than too bright along the edge of a shadow: too bright would make ink of it.
    smooth = cv2.GaussianBlur(cv2.erode(closed, _disk(3)), (0, 0), 2)
    return cv2.resize(smooth, shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _on_paper(thumb: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels of an image of that shape lie on the sheet and not on the table around it, bool (h, w).

    A sheet is a large convex region, brighter than all around it, with a sharp edge; a shadow's or
    a lamp's edge is soft.
    """
    everything = np.ones(shape[:2], bool)
    gray = thumb if thumb.ndim == 2 else thumb.min(axis=2)
    gray = cv2.medianBlur(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, _disk(0.04 * max(gray.shape))), 5)
    _, bright = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=4)
    if count < 2:
        return everything
    sheet = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    contours, _ = cv2.findContours(sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    filled = cv2.fillConvexPoly(np.zeros_like(sheet), hull, 1)
    if not 0.25 < filled.mean() < 0.985 or filled.sum() > 1.2 * sheet.sum() or not _has_sharp_edge(gray, thumb, filled):
        return everything
    # The sheet's own edge throws a shadow of a few pixels.
    inner = cv2.erode(filled, _disk(7), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return cv2.resize(inner, shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0


def _has_sharp_edge(gray: np.ndarray, thumb: np.ndarray, region: np.ndarray) -> bool:
    """Whether it is much darker outside a region than inside, right along most of its edge.

    A shadow on the sheet has an edge, too, but takes at most about half the light and no colour.
    """
    inside = cv2.dilate(gray * cv2.erode(region, _disk(5), borderType=cv2.BORDER_CONSTANT, borderValue=1), _disk(9))
    outside = cv2.erode(np.where(cv2.dilate(region, _disk(5)) > 0, 255, gray).astype(np.uint8), _disk(9))
    edge = (cv2.dilate(region, _disk(3)) - region) > 0
    darkness = _EDGE_OF_TABLE if _tint(thumb, region == 1, region == 0) > _TABLE_TINT else _EDGE_OF_DARK_TABLE
    return bool(edge.any()) and float((outside[edge] < darkness * inside[edge]).mean()) > 0.6


def _tint(thumb: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> float:
    """Largest difference of the channels' shares between two regions of an image; 0 of a gray one."""
    if thumb.ndim == 2:
        return 0.0
    colours = [np.median(thumb[part], axis=0) for part in (inside, outside)]
    shares = [colour / max(float(colour.sum()), 1.0) for colour in colours]
    return float(np.abs(shares[0] - shares[1]).max())


def _stretched(darkness: np.ndarray) -> np.ndarray:
    """Darkness relative to the paper, uint8 (h, w), to ink with its edge at 128."""
    blurred = cv2.GaussianBlur(darkness, (0, 0), max(0.5, max(darkness.shape) / 2000))
    sample = blurred[:: max(1, blurred.shape[0] // 700), :: max(1, blurred.shape[1] // 700)]
    level = float(np.median(sample))
    noise = 1.4826 * float(np.median(np.abs(sample - level)))
    floor = level + max(_CONTRAST / 2, 4 * noise)
    candidates = sample[sample > floor]
    none = np.zeros_like(darkness)
    # The darker part of what stands out is how dark ink is here, not its single darkest pixel.
    full = float(np.percentile(candidates, 85)) if len(candidates) else 0.0
    if full - level < _CONTRAST:
        return none
    edge = max(floor, level + _EDGE * (full - level))
    table = np.clip(128 + 127 * (np.arange(256) - edge) / max(full - edge, 1), 0, 255).astype(np.uint8)
    return _without_faint(cv2.LUT(blurred, table))


def _level_of(share: float) -> float:
    """The value in an ink map of a share of full ink."""
    return 128 + 127 * (share - _EDGE) / (1 - _EDGE)


def _without_faint(ink: np.ndarray) -> np.ndarray:
    """Leave out components of ink that nowhere are clearly darker than its edge, specks, and squared paper."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink >= 128).astype(np.uint8), connectivity=8)
    sure = np.bincount(labels[ink >= _level_of(_SURE_EDGE)], minlength=count)
    keep = (sure > 0.1 * stats[:, cv2.CC_STAT_AREA]) & (stats[:, cv2.CC_STAT_AREA] >= 4)
    keep[0] = False
    dark = ink >= _level_of(_DARK_EDGE)
    crossings = _are_crossings(stats, keep, np.bincount(labels[dark], minlength=count) > 0)
    near = cv2.dilate((keep & ~crossings)[labels].astype(np.uint8) * 255, np.ones((3, 3), np.uint8))
    if crossings.any():
        # The same lines also hang on letters.
        near &= cv2.dilate(dark.astype(np.uint8) * 255, np.ones((5, 5), np.uint8))
    return ink & near


def _are_crossings(stats: np.ndarray, keep: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """Which components are where lines of squared paper cross, bool (components,).

    The lines were too pale for ink, their crossings are not, though not as dark as dots and commas; and
    there are many of them.
    """
    sizes, weight = stats[:, 2:4].max(axis=1), np.where(keep, stats[:, cv2.CC_STAT_AREA], 0)
    order = np.argsort(sizes)
    usual = sizes[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
    specks = keep & ~dark & (sizes < _SPECK * usual)
    return specks & (specks.sum() > max(_SPECKS, 0.5 * (keep & ~specks).sum()))


def _without_border(ink: np.ndarray) -> np.ndarray:
    """Leave out what reaches in from the image's border and is no stroke: a table, a thumb, a shadow."""
    solid = (ink >= 128).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    height, width = ink.shape
    left, top, right, bottom = stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]
    # The sheet's edge may have been cut off already, so the border is a band.
    band = _BORDER_SHARE * max(height, width)
    at_border = (left <= band) | (top <= band) | (right >= width - band) | (bottom >= height - band)
    if count < 3 or not at_border[1:].any():
        return ink
    thickness = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, labels[::2, ::2].ravel(), thickness[::2, ::2].ravel())
    weight = stats[1:, cv2.CC_STAT_AREA] > 0.002 * stats[1:, cv2.CC_STAT_AREA].sum()
    usual = float(np.median(deepest[1:][weight])) if weight.any() else 0.0
    drop = at_border & (deepest > 2.5 * max(usual, 1.0)) & (stats[:, 2:4].max(axis=1) > 0.08 * max(height, width))
    drop[0] = False
    if not drop.any():
        return ink
    gone = cv2.dilate(drop[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(gone > 0, 0, ink).astype(np.uint8)


def ink_box(ink: np.ndarray) -> Box:
    """The box around all ink, of width 0 where there is none."""
    return Box(*cv2.boundingRect((ink >= 128).astype(np.uint8)))
