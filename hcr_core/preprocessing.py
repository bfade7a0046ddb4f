"""Image to ink, ink to the 28x28 glyph the models were trained on.

One code path for canvas, photo, pen strokes and training: whatever the source, a character
becomes an ink map, and ``ink_to_glyph`` makes the glyph of it. The glyph follows EMNIST (Cohen
et al. 2017, section II-C): the ink's box in kept proportion, the longer side scaled to 24 of 28
pixels, centred by its box, soft edges, the brightest pixel 255.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from hcr_core.imaging import flatten
from hcr_core.sheet_ink import border_of, flat_paper, ink_of_photo, ink_on_flat

#: Changes whenever the same image would give another glyph; cards name the version they fit.
VERSION = 1
#: Changes whenever ink would be found differently on a photo; caches of photographed sets name it.
INK_VERSION = 3
#: Side of a glyph in pixels, and the longer side of the ink's box in it (EMNIST's).
GLYPH_SIZE, INK_SIZE = 28, 24
#: Thinner strokes are widened to this many glyph pixels: EMNIST's pens are 2 to 4 wide, and a
#: one-pixel line of a paint program would otherwise fade away when it is scaled down.
MIN_STROKE = 2.0
#: Ink is searched on a sheet of at most this many pixels a side, then cut out of the full image.
SEARCH_SIDE = 640
#: By how much the sheet may vary to count as evenly lit, and as drawn with a program (a small, soft
#: crop of a photo can vary by 1).
EVEN_SPREAD, DRAWN_SPREAD = 4, 0

_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the image it was found in."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Ink:
    """Ink cut out of an image: a map, uint8 (h, w) with 255 for ink, and where it was."""

    map: np.ndarray
    box: Box


def extract_character(image: np.ndarray) -> Ink | None:
    """The one character on a sheet, wherever, however large and in whatever ink it is.

    Args:
        image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.

    Returns:
        Its ink, or ``None`` where nothing is written.

    Raises:
        ImageError: Not an image array.
    """
    drawn = _drawn_part(image)
    if drawn is not None:
        part = image[drawn.y : drawn.y + drawn.height, drawn.x : drawn.x + drawn.width]
        ink = ink_on_flat(part, image[0, 0])
        return ink if ink is None else _cut_out(ink, drawn, 1.0, image.shape, photo=False)
    image = flatten(image)
    height, width = image.shape[:2]
    box = Box(0, 0, width, height)
    # Coarse to fine: every pass looks at the part in which the last one saw the ink, so that a
    # small character on a 12-megapixel photo is cut from its full resolution.
    for _ in range(3):
        part = image[box.y : box.y + box.height, box.x : box.x + box.width]
        ink = _search(part)
        if ink is None:
            return None
        found = Box(box.x + ink.box.x, box.y + ink.box.y, ink.box.width, ink.box.height)
        if max(box.width, box.height) <= SEARCH_SIDE or 2 * max(found.width, found.height) > max(box.width, box.height):
            break
        margin = max(found.width, found.height) // 4
        box = _grow(found, margin, width, height)
    return Ink(ink.map, found)


def _drawn_part(image: np.ndarray) -> Box | None:
    """The part of an opaque RGBA sheet, as a canvas sends it, that is not of its border's one colour, and two
    pixels around; ``None`` of any other image. The rest of the sheet need not even be copied."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 4:
        return None
    if not image.flags.c_contiguous or not 0 < min(image.shape[:2]) <= max(image.shape[:2]) <= SEARCH_SIDE:
        return None
    if image[0, 0, 3] < 255:
        return None
    pixels = image.view(np.uint32)[..., 0]
    marked = (pixels != pixels[0, 0]).view(np.uint8)
    x, y, width, height = cv2.boundingRect(marked)
    # What reaches the border is not in the middle of a sheet of one colour.
    if not (x and y and x + width < image.shape[1] and y + height < image.shape[0]):
        return None
    part = _grow(Box(x, y, width, height), 2, *marked.shape[::-1])
    return None if image[part.y : part.y + part.height, part.x : part.x + part.width, 3].min() < 255 else part


def _around(mask: np.ndarray) -> Box | None:
    """The box of what is marked in a mask, uint8 (h, w), and two pixels around; ``None`` if nothing is."""
    x, y, w, h = cv2.boundingRect(mask)
    return _grow(Box(x, y, w, h), 2, *mask.shape[::-1]) if w else None


def _grow(box: Box, margin: int, width: int, height: int) -> Box:
    x, y = max(box.x - margin, 0), max(box.y - margin, 0)
    right, bottom = min(box.x + box.width + margin, width), min(box.y + box.height + margin, height)
    return Box(x, y, right - x, bottom - y)


def _search(part: np.ndarray) -> Ink | None:
    """The ink of a sheet; its box in pixels of ``part``, its map at the resolution searched."""
    height, width = part.shape[:2]
    scale = min(1.0, SEARCH_SIDE / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    paper = flat_paper(part, DRAWN_SPREAD)
    photo = paper is None
    if photo:
        paper = flat_paper(part, EVEN_SPREAD)
    # Of a clean drawing only the part around the ink is looked at: most of a sheet is paper.
    around = Box(0, 0, *part.shape[1::-1]) if photo else _around(~cv2.inRange(part, paper, paper))
    if around is None:
        return None
    if paper is None:
        ink = ink_of_photo(part)
    else:
        inked = part[around.y : around.y + around.height, around.x : around.x + around.width]
        ink = ink_on_flat(inked, paper, border_of(np.atleast_3d(part)) if photo else None)
    if ink is None:
        return None
    return _cut_out(_without_rules(ink) if photo else ink, around, scale, (height, width), photo=photo)


def _cut_out(ink: np.ndarray, around: Box, scale: float, shape: tuple[int, ...], *, photo: bool) -> Ink | None:
    """The character of an ink map, whose pixels are those of a sheet of that shape, scaled, in the box ``around``."""
    kept = _without_scraps(ink, photo=photo)
    if kept is None:
        return None
    x, y, w, h = cv2.boundingRect(kept)
    soft = ink[y : y + h, x : x + w] & kept[y : y + h, x : x + w]
    x, y = x + around.x, y + around.y
    left, top = math.floor(x / scale), math.floor(y / scale)
    right, bottom = min(math.ceil((x + w) / scale), shape[1]), min(math.ceil((y + h) / scale), shape[0])
    return Ink(soft, Box(left, top, right - left, bottom - top))


def _without_rules(ink: np.ndarray) -> np.ndarray:
    """Ink, uint8 (h, w), less the ruled lines or paper edges that run right across its foot or head.

    A letter may stand on them, so that they are no component of their own.
    """
    height = len(ink)
    solid = ink >= 128
    # A line that is not quite level is on two rows.
    across = np.maximum(solid, np.roll(solid, -1, axis=0)).mean(axis=1) >= 0.97
    outer = np.abs(np.arange(height) - (height - 1) / 2) >= 0.3 * height
    rows = np.flatnonzero(across & outer)
    # Thicker is a bar of the character on a sheet cropped to its very edge.
    if not rows.size or rows.size > max(3, 0.1 * height):
        return ink
    kept = ink.copy()
    for row in rows:
        kept[row : row + 2] = 0
    return kept if (kept >= 128).sum() >= 0.3 * solid.sum() else ink


def _without_scraps(ink: np.ndarray, *, photo: bool) -> np.ndarray | None:
    """Mask, uint8 255 (h, w), of the character's ink and its soft edge, or ``None`` without any.

    Left out are specks, and on photos what does not belong to the character: the edge of the
    paper, a ruled line, the tail of a neighbour, a blot.
    """
    height, width = ink.shape
    solid = cv2.threshold(ink, 127, 255, cv2.THRESH_BINARY)[1]
    # Most letters are drawn in one piece: nothing to choose from.
    if not photo and cv2.connectedComponents(solid, connectivity=8)[0] == 2:
        return cv2.dilate(solid, _AROUND) if ink.max() >= 192 else None
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        return None
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    keep = areas >= 0.02 * areas.max()
    # Faint ink counts only where it is joined to ink that is not faint.
    keep &= np.bincount(labels[ink >= 192], minlength=count) > 0
    if photo:
        keep &= ~np.array([_is_scrap(stat, stat[cv2.CC_STAT_AREA] < areas.max(), width, height) for stat in stats])
        body = int(np.argmax(np.where(keep, areas, 0)))
        keep &= ~_are_blots(stats, body)
    if not keep.any():
        return None
    if photo and areas[keep].sum() < 0.5 * areas.sum():
        return None  # more in specks than in strokes: the grain of the paper
    if not keep[1:].all():
        solid = keep[labels].astype(np.uint8) * 255
    # The soft edge of a stroke lies just outside its solid part.
    return cv2.dilate(solid, _AROUND)


def _are_blots(stats: np.ndarray, body: int) -> np.ndarray:
    """Which components are small marks at or below the foot of the body, bool (components,):
    dots stand above letters, never there."""
    top, height = stats[:, cv2.CC_STAT_TOP], stats[body, cv2.CC_STAT_HEIGHT]
    small = stats[:, cv2.CC_STAT_AREA] < 0.25 * stats[body, cv2.CC_STAT_AREA]
    return small & (top > top[body] + 0.85 * height)


def _is_scrap(stat: np.ndarray, minor: bool, width: int, height: int) -> bool:
    """Whether a component, given by its row of OpenCV's statistics, lies on the sheet's border
    as no character does; ``minor`` says that there is a larger one."""
    x, y, w, h = (int(value) for value in stat[:4])
    at_side = x <= 1 or x + w >= width - 1
    at_end = y <= 1 or y + h >= height - 1
    ruled = w >= width - 2 and h <= 0.1 * height
    flat = at_end and h <= 0.15 * height and w >= 0.5 * width
    upright = minor and at_side and at_end and w <= 0.15 * width and h >= 0.5 * height
    stub = minor and ((at_end and h <= 0.2 * height) or (at_side and w <= 0.2 * width))
    return ruled or flat or upright or stub


def ink_to_glyph(ink: np.ndarray) -> np.ndarray:
    """The model's input for one character.

    Args:
        ink: uint8 (h, w), 255 for ink, any size; empty margins are cut off.

    Returns:
        uint8 (28, 28), white ink on black; all zero where there is no ink.
    """
    glyph = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    x, y, w, h = cv2.boundingRect(cv2.threshold(ink, 127, 255, cv2.THRESH_BINARY)[1])
    if w == 0:
        return glyph
    ink = ink[y : y + h, x : x + w]
    # Working size: small maps are enlarged so that their soft edge gives a smooth outline, as
    # NIST's 300 dpi scans have; very large ones shrink to save time.
    longer = max(w, h)
    work = min(max(longer, 4 * INK_SIZE), 16 * INK_SIZE)
    if work != longer:
        size = (max(1, round(w * work / longer)), max(1, round(h * work / longer)))
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC if work > longer else cv2.INTER_AREA)
    unit = work / INK_SIZE  # working pixels per glyph pixel
    # NIST's scans are black and white: a blurred photo's edges become as sharp as theirs here.
    ink = _widen(cv2.threshold(ink, 127, 255, cv2.THRESH_BINARY)[1], MIN_STROKE * unit)
    # EMNIST blurs its 128-pixel scans by one pixel: about a third of a glyph pixel.
    pad = math.ceil(unit)
    ink = cv2.copyMakeBorder(ink, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    kernel = _blur_kernel(unit / 3)
    ink = cv2.sepFilter2D(ink, -1, kernel, kernel)
    x, y, w, h = cv2.boundingRect(cv2.threshold(ink, 63, 255, cv2.THRESH_BINARY)[1])
    if w == 0:
        return glyph
    ink = ink[y : y + h, x : x + w]
    scale = INK_SIZE / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    small = cv2.convertScaleAbs(small, alpha=255 / max(int(small.max()), 1))
    top, left = (GLYPH_SIZE - size[1]) // 2, (GLYPH_SIZE - size[0]) // 2
    glyph[top : top + size[1], left : left + size[0]] = small
    return glyph


@lru_cache(maxsize=512)
def _blur_kernel(sigma: float) -> np.ndarray:
    """What ``cv2.GaussianBlur`` multiplies 8-bit pixels by, float32 (n,), in whole 256ths.

    With it ``cv2.sepFilter2D`` takes half the time, and of black-and-white ink gives the same, bit for bit.
    """
    side = math.ceil(4 * sigma) + 4
    edge = np.zeros((1, 2 * side), np.uint8)
    edge[:, side:] = 255
    # Across an edge the levels add up the kernel.
    sums = np.round(cv2.GaussianBlur(edge, (0, 0), sigma)[0] * (256 / 255))
    return np.trim_zeros(np.diff(sums) / 256).astype(np.float32)


def _widen(ink: np.ndarray, width: float) -> np.ndarray:
    """Grow black-and-white strokes thinner than ``width`` pixels to about that; thicker ones are left alone."""
    contours, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    # A stroke of length l and width s covers l*s pixels and its outline, through the pixels'
    # centres, measures about 2*l.
    outline = sum(cv2.arcLength(contour, closed=True) for contour in contours)
    stroke = 2 * cv2.countNonZero(ink) / max(outline, 1.0)
    grow = round(width - stroke)
    if grow < 1:
        return ink
    ink = cv2.copyMakeBorder(ink, grow, grow, grow, grow, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow + 1, grow + 1)))


def image_to_glyph(image: np.ndarray) -> np.ndarray | None:
    """``ink_to_glyph`` of ``extract_character``: an image to uint8 (28, 28), ``None`` if blank."""
    ink = extract_character(image)
    return None if ink is None else ink_to_glyph(ink.map)
