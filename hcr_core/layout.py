"""Ink of a page to lines of writing, from top to bottom."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from hcr_core.preprocessing import Box

#: Blur along and across the lines, in heights of a typical component: wide enough to join words,
#: narrow enough to keep neighbouring lines apart.
_ALONG, _ACROSS = 2.2, 0.38
#: Two parts are on one line if their centres differ by less than this share of the height.
_SAME_LINE = 0.5
#: Ink of less than this share of a square of the height, in all of a line, is dirt.
_LEAST_INK = 0.04


@dataclass(frozen=True)
class InkLine:
    """A line's ink cut out of its page.

    Attributes:
        ink: uint8 (h, w), 255 for ink; neighbouring lines are left out.
        box: Where it is in the page.
    """

    ink: np.ndarray
    box: Box


def typical_height(ink: np.ndarray) -> float:
    """Height of a typical component in pixels: characters, not dots, dashes and dirt; 0 without ink."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((ink >= 128).astype(np.uint8), connectivity=8)
    heights, widths = stats[1:, cv2.CC_STAT_HEIGHT].astype(float), stats[1:, cv2.CC_STAT_WIDTH].astype(float)
    if not len(heights):
        return 0.0
    # A typical component by ink: of a thousand specks and ten letters, it is a letter.
    order = np.argsort(heights)
    weight = np.maximum(heights, widths)[order] ** 2
    reference = float(heights[order][np.searchsorted(np.cumsum(weight), weight.sum() / 2)])
    return float(np.median(heights[heights > 0.3 * reference]))


def single_line(ink: np.ndarray) -> list[InkLine]:
    """All ink as one line."""
    box = Box(*cv2.boundingRect((ink >= 128).astype(np.uint8)))
    return [_cut(ink, ink >= 128)] if box.width else []


def find_lines(ink: np.ndarray, height: float) -> list[InkLine]:
    """The lines of a page.

    Args:
        ink: uint8 (h, w), 255 for ink, upright to about a degree.
        height: ``typical_height``.
    """
    if not height or not (ink >= 128).any():
        return []
    bands = _bands(ink, height)
    if not bands.any():
        return single_line(ink)
    owner = _assigned((ink >= 128).astype(np.uint8), bands, height)
    lines = []
    for number in np.unique(owner[owner > 0]):
        line = _cut(ink, owner == number)
        if (line.ink >= 128).sum() >= _LEAST_INK * height**2 and line.box.height >= 0.3 * height:
            lines.append(line)
    return sorted(lines, key=lambda line: line.box.y + line.box.height / 2)


def _cut(ink: np.ndarray, mask: np.ndarray) -> InkLine:
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    left, top = max(0, x - 2), max(0, y - 2)
    right, bottom = min(ink.shape[1], x + w + 2), min(ink.shape[0], y + h + 2)
    own = mask[top:bottom, left:right].astype(np.uint8)
    # The soft edge just outside, where it is not another line's ink.
    part = ink[top:bottom, left:right]
    spread = cv2.dilate(own, np.ones((3, 3), np.uint8)) & ((part < 128) | (own > 0))
    return InkLine(np.where(spread > 0, part, 0).astype(np.uint8), Box(left, top, right - left, bottom - top))


def _bands(ink: np.ndarray, height: float) -> np.ndarray:
    """Number of the line at each pixel near a line's middle, int32 (h, w), 0 elsewhere.

    Ridges of the ink blurred along the lines (Bukhari, Shafait and Breuel, "Script-independent
    handwritten textlines segmentation using active contours", 2009).
    """
    # An eighth of the height is fine enough, and makes the blur cheap.
    scale = min(1.0, 8 / height)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    unit = height * scale
    pad = round(2 * unit)
    small = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    blurred = cv2.GaussianBlur(small, (0, 0), sigmaX=_ALONG * unit, sigmaY=_ACROSS * unit)
    curve = cv2.Sobel(blurred, cv2.CV_32F, 0, 2, ksize=3)
    ridge = ((curve < 0) & (blurred > 0.15 * np.percentile(blurred[blurred > 1e-3], 90))).astype(np.uint8)
    ridge = ridge[pad:-pad, pad:-pad]
    blurred = blurred[pad:-pad, pad:-pad]
    count, labels = cv2.connectedComponents(ridge, connectivity=4)
    mass = np.bincount(labels.ravel(), weights=(blurred * ridge).ravel(), minlength=count)
    labels = _joined(labels, mass, unit)
    return cv2.resize(labels.astype(np.float32), ink.shape[1::-1], interpolation=cv2.INTER_NEAREST).astype(np.int32)


def _joined(labels: np.ndarray, mass: np.ndarray, unit: float) -> np.ndarray:
    """Give bands that continue each other one number, and drop those of stray dots and tails."""
    spans = sorted(_spans(labels, unit), key=lambda span: span.left)
    parent = {span.number: span.number for span in spans}
    rights, ends = np.array([span.right for span in spans]), np.array([span.end for span in spans])
    for i, a in enumerate(spans):
        # The nearest band that ends before this one begins, at the height where this one begins; never one that
        # begins after it, or two specks would each continue the other without end.
        near = (rights[:i] <= a.left + unit) & (np.abs(ends[:i] - a.start) < (_SAME_LINE + 0.2) * unit)
        before = np.flatnonzero(near)
        if len(before):
            parent[a.number] = spans[before[rights[before].argmax()]].number
    for number in list(parent):
        root = number
        while parent[root] != root:
            root = parent[root]
        parent[number] = root
    total: dict[int, float] = {}
    for number, root in parent.items():
        total[root] = total.get(root, 0.0) + mass[number]
    least = 0.12 * float(np.median(sorted(total.values())[-max(1, len(total) // 2) :])) if total else 0.0
    table = np.zeros(len(mass), np.int32)
    for number, root in parent.items():
        table[number] = root if total[root] >= least else 0
    return table[labels]


class _Span(NamedTuple):
    """A band's number, its first and last column, and the rows at which it starts and ends."""

    number: int
    left: int
    right: int
    start: float
    end: float


def _spans(labels: np.ndarray, unit: float) -> list[_Span]:
    """Where the bands are; all are found at once, because dust and noise make thousands of them."""
    y, x = np.nonzero(labels)
    order = np.argsort(labels[y, x], kind="stable")
    y, x, number = y[order], x[order], labels[y, x][order]
    firsts = np.flatnonzero(np.diff(number, prepend=0))
    spans = []
    for start, end in pairwise([*firsts.tolist(), len(number)]):
        columns, rows = x[start:end], y[start:end]
        left, right = int(columns.min()), int(columns.max())
        heights = (rows[columns <= left + 2 * unit].mean(), rows[columns >= right - 2 * unit].mean())
        spans.append(_Span(int(number[start]), left, right, *map(float, heights)))
    return spans


def _assigned(solid: np.ndarray, bands: np.ndarray, height: float) -> np.ndarray:
    """Number of the line of every pixel of ink, int32 (h, w).

    A component belongs to the line it overlaps most; one that two lines share is cut between them;
    one that no line crosses (a dot, a comma) goes to the nearest.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    nearest = _nearest_band(bands)
    owner = np.zeros(solid.shape, np.int32)
    for i in range(1, count):
        x, y, w, h = (int(value) for value in stats[i, :4])
        mask = labels[y : y + h, x : x + w] == i
        inside = bands[y : y + h, x : x + w]
        votes = np.bincount(inside[mask & (inside > 0)])
        near = nearest[y : y + h, x : x + w]
        target = owner[y : y + h, x : x + w]
        shared = np.flatnonzero(votes > 0.2 * votes.sum()) if len(votes) else np.zeros(0, int)
        if len(shared) > 1 and h > 1.6 * height:
            target[mask] = near[mask]
        elif len(votes):
            target[mask] = int(np.argmax(votes))
        else:
            target[mask] = int(np.bincount(near[mask]).argmax())
    return owner


def _nearest_band(bands: np.ndarray) -> np.ndarray:
    """Number of the nearest band at every pixel, distances along x counting a tenth."""
    step = 8
    size = (max(1, bands.shape[1] // step), max(1, bands.shape[0] // 2))
    small = cv2.resize((bands > 0).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    numbers = cv2.resize(bands.astype(np.float32), small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    _, index = cv2.distanceTransformWithLabels(1 - small, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, np.float32)
    table[index[small > 0]] = numbers[small > 0]
    return cv2.resize(table[index], bands.shape[1::-1], interpolation=cv2.INTER_NEAREST).astype(np.int32)
