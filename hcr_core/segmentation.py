"""A line of ink to pieces, and to groups of pieces that may be characters.

Over-segmentation: ink is cut wherever two characters may meet, and which pieces belong together is
left to recognition (``word_reading``), as in Breuel, "Segmentation of handprinted letter strings
using a dynamic programming algorithm", 2001.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise

import cv2
import numpy as np

from hcr_core.cutting import find_cuts
from hcr_core.preprocessing import Box, ink_to_glyph

#: How much less unequal the columns may be and writing still count as upright.
_UPRIGHT = 1.05
#: The widest and most divided character: W in broad hands; K of four strokes and two cuts.
_MAX_WIDTH, _MAX_PIECES = 1.9, 7
#: No character has a wider gap inside, in heights.
_MAX_GAP = 0.45
#: A component smaller than this in both directions is a dot, a comma or dirt.
_DOT = 0.36
#: A small component is no dot but the stem of an i if it is this high, upright, and as near to where letters stand.
_STEM = 0.25
#: Rows between head and foot of a line's letters have at least this share of the ink of its fullest rows; how many
#: heights around a component are asked; and, in heights, how far from there hangs what is no part of its neighbours.
_FULL_ROW, _AROUND, _BEYOND = 0.4, 3, 0.12
#: A piece has at least so many squares of the stroke's width of ink.
_LEAST_INK = 1.0
#: Components of a line, and pieces, that are looked at: more are dust, and the smallest are left out.
_MOST_PIECES = 4000


@dataclass(frozen=True)
class Pieces:
    """A line cut up, its pieces in writing order.

    Attributes:
        ink: uint8 (h, w), 255 for ink.
        number: int32 (h, w): 1 + the piece a pixel belongs to, 0 for none.
        boxes: float (n, 4): left, top, right, bottom of each, pixels; left and right are upright
            ones, of the line without its slant, and do without what hangs below the line's letters.
        extents: int (n, 2): leftmost column of each in ``ink``, and one past the rightmost.
        area: int (n,): pixels of ink.
        cut: float (n + 1,): stroke widths of ink that are cut through before each piece, 0 where it
            begins a component.
        height: Pixels of a typical component, the unit of all rules here.
        stroke: Width of the strokes in pixels.
    """

    ink: np.ndarray
    number: np.ndarray
    boxes: np.ndarray
    extents: np.ndarray
    area: np.ndarray
    cut: np.ndarray
    height: float
    stroke: float

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class Groups:
    """Runs of pieces that may be one character each.

    Attributes:
        first: int (n,): the first piece.
        last: int (n,): one past the last.
        boxes: float (n, 4): left, top, right, bottom, as ``Pieces.boxes``.
        gap: float (n,): widest blank column inside, in heights.
        inner: float (n,): stroke widths of the cuts inside.
    """

    first: np.ndarray
    last: np.ndarray
    boxes: np.ndarray
    gap: np.ndarray
    inner: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: np.ndarray) -> "Groups":
        """The groups at ``rows``, int (k,) or bool (n,)."""
        return Groups(**{name: values[rows] for name, values in vars(self).items()})


def stroke_width(ink: np.ndarray) -> float:
    """Mean width of the strokes of an ink map in pixels: their area over half their outline."""
    mask = (ink >= 128).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(contour, closed=True) for contour in contours)
    return max(1.0, 2 * cv2.countNonZero(mask) / max(outline, 1.0))


def slant(ink: np.ndarray) -> float:
    """Shear of the writing: columns to the right per row upwards.

    The shear whose columns are the most unequal stands the strokes upright (Vinciarelli and
    Luettin, "A new normalization technique for cursive handwritten words", 2001).
    """
    y, x = np.nonzero(ink[::2, ::2] >= 128)
    if len(x) < 20:
        return 0.0
    best, best_score = 0.0, 0.0
    for shear in np.arange(-3, 10) / 10:
        # Cut off, not rounded: halves rounded to even would fill every other column.
        columns = np.bincount((x + shear * y - min(0, shear * y.max()) + 1e-6).astype(int)).astype(float)
        # Upright writing is preferred: few or round letters give no clear answer.
        score = float((columns**2).sum()) * (1 - 0.1 * abs(shear)) * (1 if shear else _UPRIGHT)
        if score > best_score:
            best, best_score = float(shear), score
    return best


def cut_line(ink: np.ndarray, height: float) -> Pieces:
    """Cut a line of ink into pieces.

    Args:
        ink: uint8 (h, w), 255 for ink, of one line.
        height: Of a typical component in pixels.
    """
    shear, stroke = slant(ink), stroke_width(ink)
    count, labels = cv2.connectedComponents((ink >= 128).astype(np.uint8), connectivity=8)
    y, x = np.nonzero(labels)
    order = np.argsort(labels[y, x], kind="stable")
    y, x = y[order], x[order]
    bounds = np.searchsorted(labels[y, x], np.arange(1, count + 1))
    upright = x + shear * (y - ink.shape[0] / 2)
    band = _Band(upright, y, height)
    parts = []  # box, pixels, cut before, whether it is a whole component
    places = _largest(list(pairwise(bounds)), lambda place: place[1] - place[0])
    components = [(upright[start:end], y[start:end]) for start, end in places]
    for (start, _), (u, rows), cuts in zip(places, components, find_cuts(components, height, stroke), strict=True):
        head, foot = band.around(u.min(), u.max())
        slot = np.zeros(len(u), int)
        for cut in cuts:
            slot += u - u.min() > cut.columns[rows - rows.min()]
        if cuts:
            _keep_whole(slot, u, rows - foot)
            _keep_whole(slot, u, head - rows)
            _join_scraps(slot, _LEAST_INK * stroke**2)
        for i in np.unique(slot).tolist():
            inside = np.flatnonzero(slot == i)
            # A tail may reach far under its neighbours: between them stands what is above it.
            sides = u[inside][rows[inside] < foot] if (rows[inside] < foot).any() else u[inside]
            box = (sides.min(), rows[inside].min(), sides.max() + 1, rows[inside].max() + 1)
            parts.append((box, inside + start, cuts[i - 1].cost if i else 0.0, not cuts))
    parts = _with_dots_on_bodies(_largest(parts, lambda part: len(part[1])), height)
    parts.sort(key=lambda part: part[0][0] + part[0][2])
    return _numbered(ink, parts, y, x, height, stroke)


def _largest(parts: list, size: Callable[[tuple], int]) -> list:
    """As many of them as are looked at, in their order where that is all."""
    return parts if len(parts) <= _MOST_PIECES else nlargest(_MOST_PIECES, parts, key=size)


class _Band:
    """Between which rows the letters of a line stand, less what hangs from them, from place to place: it may bend."""

    def __init__(self, upright: np.ndarray, y: np.ndarray, height: float):
        self._height, self._left = height, upright.min(initial=np.inf)
        place = ((upright - self._left) / height).astype(int)
        ink = np.zeros((place.max(initial=0) + 2, y.max(initial=0) + 1))
        np.add.at(ink, (place + 1, y), 1)
        #: Of all places before each.
        self._ink = ink.cumsum(axis=0)
        self._found: dict[tuple[int, int], tuple[int, int]] = {}

    def around(self, left: float, right: float) -> tuple[int, int]:
        """The last row of what stands out above between two columns, and the first of what hangs below."""
        first, last = (int((x - self._left) / self._height) for x in (left, right))
        places = max(first - _AROUND, 0), min(last + _AROUND + 1, len(self._ink) - 1)
        if places not in self._found:
            profile = self._ink[places[1]] - self._ink[places[0]]
            fullest = np.sort(profile[profile > 0])[-max(1, np.count_nonzero(profile) // 10)]
            full = np.concatenate([[False], profile >= _FULL_ROW * fullest, [False]])
            starts, ends = np.flatnonzero(full[1:] != full[:-1]).reshape(-1, 2).T
            longest, beyond = (ends - starts).argmax(), _BEYOND * self._height
            self._found[places] = math.floor(starts[longest] - beyond), math.ceil(ends[longest] - 1 + beyond)
        return self._found[places]


def _keep_whole(slot: np.ndarray, u: np.ndarray, beyond: np.ndarray) -> None:
    """Give what hangs out of the band at one place to the piece it hangs from: a tail under other letters, a bar or a
    hook over them.

    Args:
        slot: int (n,): the piece of each pixel, which is changed.
        u: float (n,): its column.
        beyond: int (n,): by how many rows it is out of the band.
    """
    out = np.flatnonzero(beyond >= 0)
    if not len(out):
        return
    row, column = beyond[out], (u[out] - u.min()).astype(int)
    hanging = np.zeros((row.max() + 1, column.max() + 1), np.uint8)
    hanging[row, column] = 1
    part = cv2.connectedComponents(hanging, connectivity=8)[1][row, column]
    for number in np.unique(part):
        roots = np.unique(slot[out[(part == number) & (row == 0)]])
        if len(roots) == 1:
            slot[out[part == number]] = roots[0]


def _join_scraps(slot: np.ndarray, least: float) -> None:
    """Give pieces of fewer pixels to the nearest of more, in ``slot``, int (n,)."""
    areas = np.bincount(slot)
    large = np.flatnonzero(areas >= least)
    for i in np.flatnonzero((areas > 0) & (areas < least)) if len(large) else ():
        slot[slot == i] = large[np.abs(large - i).argmin()]


def _with_dots_on_bodies(parts: list, height: float) -> list:
    """Join what is small and stands above a body to it: the dots of i and j."""
    small = [_is_small(part, height) for part in parts]
    foot = np.median([part[0][3] for part, is_small in zip(parts, small, strict=True) if not is_small] or [np.inf])
    dots = [is_small and not _is_stem(part, height, foot) for part, is_small in zip(parts, small, strict=True)]
    bodies = [part for part, dot in zip(parts, dots, strict=True) if not dot]
    result, joined = list(bodies), {}
    # Of all bodies at once: a page full of dust has thousands of them, and as many dots.
    lefts, tops, rights, bottoms = np.array([body[0] for body in bodies], float).reshape(-1, 4).T
    for part in (part for part, dot in zip(parts, dots, strict=True) if dot):
        left, _, right, bottom = part[0]
        centre = (left + right) / 2
        below = (tops >= bottom - 0.1 * height) & (tops - bottom < 0.8 * height) & (bottoms - tops > _STEM * height)
        below &= (lefts - 0.35 * height <= centre) & (centre <= rights + 0.35 * height)
        if below.any():
            # A dot may be half a letter ahead of its stem; narrow bodies attract it first.
            distance = np.abs((lefts + rights) / 2 - centre) + 0.5 * (rights - lefts)
            joined.setdefault(int(np.where(below, distance, np.inf).argmin()), []).append(part)
        else:
            result.append(part)
    for i, dots in joined.items():
        boxes = np.array([bodies[i][0], *(dot[0] for dot in dots)])
        box = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
        result[i] = (box, np.concatenate([bodies[i][1], *(dot[1] for dot in dots)]), *bodies[i][2:])
    return result


def _is_small(part: tuple, height: float) -> bool:
    box, whole = part[0], part[3]
    return whole and max(box[2] - box[0], box[3] - box[1]) < _DOT * height


def _is_stem(part: tuple, height: float, foot: float) -> bool:
    """Whether something small stands upright at the foot of the line."""
    left, top, right, bottom = part[0]
    return bottom - top > max(_STEM * height, 1.5 * (right - left)) and abs(bottom - foot) < _STEM * height


def _numbered(ink: np.ndarray, parts: list, y: np.ndarray, x: np.ndarray, height: float, stroke: float) -> Pieces:
    number = np.zeros(ink.shape, np.uint16)
    for i, (_, members, *_) in enumerate(parts):
        number[y[members], x[members]] = i + 1
    # The soft edge of a stroke lies just outside its solid part.
    spread = cv2.dilate(number, np.ones((3, 3), np.uint8))
    number = np.where((number == 0) & (ink > 0), spread, number)
    y, x = np.nonzero(number)
    columns = np.zeros((len(parts), ink.shape[1]), bool)
    columns[number[y, x] - 1, x] = True
    extents = np.stack([columns.argmax(axis=1), ink.shape[1] - columns[:, ::-1].argmax(axis=1)], axis=1)
    return Pieces(
        ink=ink,
        number=number,
        boxes=np.array([part[0] for part in parts], float).reshape(-1, 4),
        extents=extents,
        area=np.array([len(part[1]) for part in parts], int),
        cut=np.array([*(part[2] for part in parts), 0.0]),
        height=height,
        stroke=stroke,
    )


def group(pieces: Pieces) -> Groups:
    """All runs of neighbouring pieces that are not too wide and have no wide gap to be a character."""
    rows = []
    for first in range(len(pieces)):
        left, top, right, bottom = pieces.boxes[first]
        gap = inner = 0.0
        rows.append((first, first + 1, left, top, right, bottom, gap, inner))
        for last in range(first + 1, min(first + _MAX_PIECES, len(pieces))):
            box = pieces.boxes[last]
            gap = max(gap, (box[0] - right) / pieces.height)
            inner += pieces.cut[last]
            left, top = min(left, box[0]), min(top, box[1])
            right, bottom = max(right, box[2]), max(bottom, box[3])
            if gap > _MAX_GAP or right - left > _MAX_WIDTH * pieces.height:
                break
            rows.append((first, last + 1, left, top, right, bottom, gap, inner))
    table = np.array(rows, float).reshape(-1, 8)
    return Groups(table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:6], table[:, 6], table[:, 7])


def all_as_one(pieces: Pieces) -> Groups:
    """The one group of all pieces, however wide."""
    boxes = pieces.boxes
    left, top, right, bottom = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
    gaps = boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1]
    return Groups(
        first=np.array([0]),
        last=np.array([len(pieces)]),
        boxes=np.array([[left, top, right, bottom]]),
        gap=np.array([gaps.max(initial=0) / pieces.height]),
        inner=np.array([pieces.cut[1:-1].sum()]),
    )


def group_ink(pieces: Pieces, first: int, last: int) -> tuple[np.ndarray, Box]:
    """The ink of pieces ``first`` to ``last - 1``, uint8 (h, w), and its place in the line."""
    boxes = pieces.boxes[first:last]
    top, bottom = int(boxes[:, 1].min()), int(boxes[:, 3].max())
    left, right = int(pieces.extents[first:last, 0].min()), int(pieces.extents[first:last, 1].max())
    part = pieces.number[top:bottom, left:right]
    ink = np.where((part > first) & (part <= last), pieces.ink[top:bottom, left:right], 0).astype(np.uint8)
    return ink, Box(left, top, right - left, bottom - top)


def group_glyphs(pieces: Pieces, groups: Groups) -> tuple[np.ndarray, list[Box]]:
    """What the model is shown of every group, uint8 (n, 28, 28), and the groups' boxes in the line."""
    glyphs = np.zeros((len(groups), 28, 28), np.uint8)
    boxes = []
    for i, (first, last) in enumerate(zip(groups.first, groups.last, strict=True)):
        ink, box = group_ink(pieces, first, last)
        glyphs[i] = ink_to_glyph(ink)
        boxes.append(box)
    return glyphs, boxes
