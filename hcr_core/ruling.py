"""Lines that are printed or drawn and not written: ruled and squared paper, boxes, underlining."""

from collections.abc import Iterator

import cv2
import numpy as np

from hcr_core.segmentation import stroke_width

#: A line is at least this long, as a share of the page's width; longer than any stroke of a letter.
_LENGTH = 0.6
#: Rules are thinner than this many pixels plus this share of the page.
_THICKNESS = (3, 0.004)
#: A rule found in pieces has to be covered by ink for this share of its length: the bars of TTT are not.
_COVER = 0.85
#: A margin is longer than this many of the highest characters beside it, and there are at least so many.
_MARGIN, _BESIDE = 3, 5
#: Largest side, in pixels, of what two rules leave where they cross.
_RESIDUE = 20
#: An underline is at most this many stroke widths thick, at least this many heights of what stands above it long, and
#: hardly broken, unlike the feet of letters side by side.
_UNDERLINE_THICKNESS, _UNDERLINE_LENGTH, _UNBROKEN = 2.0, 1.3, 0.97
#: At most this share of all ink is below an underline, and joined to it, as letters are to their own feet.
_BELOW, _JOINED = 0.12, 0.7
#: Pen that is darker than the rule by this much, of 255, is told from it by that.
_DARKER = 60


def remove_rules(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take ruled lines out of an ink map without breaking the letters they cross.

    Args:
        ink: uint8 (h, w), 255 for ink; the page deskewed to about a degree.

    Returns:
        The ink without rules, and what was removed, both uint8 (h, w); the very same ink where the
        page is not ruled.
    """
    solid = (ink >= 128).astype(np.uint8)
    level, course = _rules(ink)
    upright, upright_course = (np.ascontiguousarray(part.T) for part in _rules(np.ascontiguousarray(ink.T)))
    removed = level
    # Upright rules come with level ones (squares, a box), or are a margin.
    if level.any() or (upright.any() and _is_margin(solid, upright)):
        removed = level | upright
        removed |= _crossings(solid & ~removed, course, upright_course)
    return _without(ink, removed)


def _without(ink: np.ndarray, removed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink without some of its pixels, uint8 (h, w) of 0 and 1, and these alone; the very same ink without any."""
    if not removed.any():
        return ink, np.zeros_like(ink)
    solid = (ink >= 128).astype(np.uint8)
    # The soft edge goes with its line, but not that of a stroke beside it.
    kept = solid & ~removed
    fringe = cv2.dilate(removed, np.ones((3, 3), np.uint8)) & ~cv2.dilate(kept, np.ones((3, 3), np.uint8))
    gone = (removed | fringe) > 0
    return np.where(gone, 0, ink).astype(np.uint8), np.where(gone, ink, 0).astype(np.uint8)


def _is_margin(solid: np.ndarray, upright: np.ndarray) -> bool:
    """Whether upright rules alone are the line or two of a margin, not the stems of a word that fills its picture."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    ruled = np.bincount(labels[upright > 0], minlength=count) > 0
    heights, others = stats[:, cv2.CC_STAT_HEIGHT], ~ruled
    others[0] = False
    if not 1 <= ruled.sum() <= 2 or others.sum() < _BESIDE:
        return False
    return bool(heights[ruled].min() > _MARGIN * heights[others].max())


def _crossings(left: np.ndarray, level: np.ndarray, upright: np.ndarray) -> np.ndarray:
    """What rules leave in the ink where they cross: each looked like a stroke to the other.

    Small components that lie on the courses of rules, at a place where two meet; all uint8 (h, w) of 0 and 1.
    """
    if not level.any() or not upright.any():
        return np.zeros_like(left)
    # A pixel wider: the edge of a rule is no sharper than that.
    level, upright = (cv2.dilate(course, np.ones((3, 3), np.uint8)) for course in (level, upright))
    crossing = cv2.dilate(level & upright, np.ones((5, 5), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    on_rules = np.bincount(labels[(level | upright) > 0], minlength=len(stats)) / stats[:, cv2.CC_STAT_AREA]
    residue = (stats[:, 2:4].max(axis=1) <= _RESIDUE) & (on_rules > 0.6)
    residue &= np.bincount(labels[crossing > 0], minlength=len(stats)) > 0
    residue[0] = False
    return residue[labels].astype(np.uint8)


def _rules(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of horizontal rules that no stroke crosses, and the rules' whole courses; uint8 (h, w) of 0 and 1."""
    rules, courses = np.zeros_like(ink), np.zeros_like(ink)
    limit = round(_THICKNESS[0] + _THICKNESS[1] * max(ink.shape))
    for part, x, y, thickness in _long_runs(ink, limit):
        _erase(ink, rules, courses, part, x, y, thickness)
    return rules, courses


def _long_runs(ink: np.ndarray, limit: float) -> Iterator[tuple[np.ndarray, int, int, float]]:
    """Runs of ink right across, no thicker than ``limit``: bool (h, w), left, top and thickness in pixels of each."""
    page = (ink >= 128).astype(np.uint8)
    width = page.shape[1]
    span = max(16, width // 40)
    # Long horizontal runs; a rule that is a little tilted falls into several of them, stacked.
    runs = cv2.morphologyEx(page, cv2.MORPH_OPEN, np.ones((1, span), np.uint8))
    if np.count_nonzero(runs) < _COVER * _LENGTH * width:
        return
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, span), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((1, 3 * span), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for i in np.flatnonzero(stats[:, cv2.CC_STAT_WIDTH] >= _LENGTH * width):
        if i == 0:
            continue
        x, y, w, h = (int(value) for value in stats[i, :4])
        part = (labels[y : y + h, x : x + w] == i) & (runs[y : y + h, x : x + w] > 0)
        columns = part.any(axis=0)
        thickness = float(np.median(part.sum(axis=0)[columns])) if columns.any() else limit + 1
        if columns.mean() >= _COVER and thickness <= limit:
            yield part, x, y, thickness


def remove_underline(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the line under a word or a line of writing out of an ink map.

    Args:
        ink: uint8 (h, w), 255 for ink.

    Returns:
        As ``remove_rules``.
    """
    left, top, width, height = cv2.boundingRect((ink >= 128).astype(np.uint8))
    written = np.ascontiguousarray(ink[top : top + height, left : left + width])
    removed = np.zeros_like(ink)
    if width:
        for part, x, y, thickness in _long_runs(written, _UNDERLINE_THICKNESS * stroke_width(written)):
            if part.any(axis=0).mean() < _UNBROKEN:
                continue
            line = np.zeros_like(written)
            _erase(written, line, np.zeros_like(written), part, x, y, thickness)
            if _is_underline(written >= 128, line, y, len(part)):
                removed[top : top + height, left : left + width] |= line
    return _without(ink, removed)


def _is_underline(solid: np.ndarray, line: np.ndarray, top: int, height: int) -> bool:
    """Whether a run of ink, uint8 (h, w) of 0 and 1 and so high, stands under nearly all the others by itself."""
    others = (solid & (line == 0)).astype(np.uint8)
    rows, area = others.sum(axis=1), max(int(others.sum()), 1)
    first = int(np.argmax(rows > 0))
    if rows[top + height :].sum() > _BELOW * area or line.any(axis=0).sum() < _UNDERLINE_LENGTH * (top - first):
        return False
    count, labels = cv2.connectedComponents(others, connectivity=8)
    joined = np.bincount(labels[cv2.dilate(line, np.ones((5, 5), np.uint8)) > 0], minlength=count) > 0
    joined[0] = False
    return int(np.count_nonzero(joined[labels])) <= _JOINED * area


def _erase(
    ink: np.ndarray, rules: np.ndarray, courses: np.ndarray, part: np.ndarray, x: int, y: int, thickness: float
) -> None:
    """Mark a rule's course, and its pixels where no stroke passes through it or lies upon it.

    The rule's course is a smooth curve through its pixels. Column by column, a run of ink that is
    longer than the rule is thick belongs to a stroke, and so does ink much darker than the rule.
    """
    course = _course(part, thickness)
    across = np.arange(part.shape[1])
    middle = np.round(np.polyval(course, across) + y).astype(int)
    reach = 2 * round(thickness) + 4
    # A strip along the rule, its course in the middle row: uint8 (2 * reach + 1, w).
    at = middle + np.arange(-reach, reach + 1)[:, None]
    strip = np.where((at >= 0) & (at < len(ink)), ink[np.clip(at, 0, len(ink) - 1), across + x], 0)
    solid = strip >= 128
    # The run through the course, which may be a pixel beside it.
    near = np.max([solid[reach + shift] for shift in (-1, 0, 1)], axis=0)
    above = np.cumprod(solid[reach - 1 :: -1], axis=0).sum(axis=0)
    below = np.cumprod(solid[reach + 1 :], axis=0).sum(axis=0)
    long = above + below + 1 > thickness + 2
    colour = np.median(strip[reach][solid[reach]]) if solid[reach].any() else 255
    darker = strip[reach - 1 : reach + 2].max(axis=0) > colour + _DARKER
    # A stroke lies on the rule for more than a speck.
    kept = cv2.dilate((long | (darker & near)).astype(np.uint8)[None], np.ones((1, 3), np.uint8))[0] > 0
    half = round(thickness / 2 + 1)
    for offset in range(-half, half + 1):
        row = at[reach + offset]
        inside = (row >= 0) & (row < len(ink))
        courses[row[inside], across[inside] + x] = 1
        gone = near & ~kept & solid[reach + offset] & inside
        rules[row[gone], across[gone] + x] = 1


def _course(part: np.ndarray, thickness: float) -> np.ndarray:
    """The curve through a rule's pixels, as ``np.polyval`` takes it; bars of letters beside it do not bend it."""
    # Where the run is thicker, a stroke lies along the rule.
    rows, columns = np.nonzero(part & (part.sum(axis=0) <= thickness + 0.5))
    near = np.ones(len(rows), bool)
    for _ in range(4):
        course = np.polyfit(columns[near], rows[near], 2 if np.ptp(columns[near]) > 50 else 1)
        distance = np.abs(rows - np.polyval(course, columns))
        near = distance <= max(1.5 * thickness, float(np.quantile(distance, 0.6)))
    return course
