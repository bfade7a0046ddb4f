"""Where a component of ink may be cut into characters that touch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

#: In heights of the line's typical component: parts narrower than this are not cut; cuts keep this
#: distance from each other and from a component's ends.
_MIN_CUT_WIDTH, _CUT_DISTANCE = 0.4, 0.14
#: A cut goes through at most this many stroke widths of ink: two are the top and bottom of an o.
_MAX_CUT = 2.2
#: A bend by a pixel costs as much as so many pixels of ink.
_BEND = 0.15
#: Narrower parts, in heights, are not cut by bent cuts.
_MIN_SEAM_WIDTH = 0.7
#: Components that bent cuts are looked for in at once.
_TOGETHER = 16
#: A cut that may be made: pixels of ink, its column, and its columns in all rows.
_Candidate = tuple[float, float, np.ndarray]


@dataclass(frozen=True)
class Cut:
    """A cut from top to bottom.

    Attributes:
        columns: float (rows,): left of it are the pixels up to this column.
        cost: Stroke widths of ink that it goes through.
    """

    columns: np.ndarray
    cost: float


def find_cuts(components: Sequence[tuple[np.ndarray, np.ndarray]], height: float, stroke: float) -> list[list[Cut]]:
    """Where components of a line may be cut, from left to right; columns count from the leftmost of a component, rows
    from its topmost.

    Args:
        components: Of each the columns of its pixels, float (n,), of the line without its slant, and their rows,
            int (n,).
        height: Of a typical component of the line in pixels.
        stroke: Width of its strokes in pixels.
    """
    distance, solids = max(2, round(_CUT_DISTANCE * height)), [_solid(u, rows) for u, rows in components]
    candidates: list[list[_Candidate]] = [[] for _ in solids]
    wide = [i for i, solid in enumerate(solids) if solid.shape[1] >= _MIN_CUT_WIDTH * height]
    profiles = {}
    for i in wide:
        profiles[i], straight = _straight_cuts(solids[i], height, stroke, distance)
        candidates[i] = [(float(profiles[i][int(at)]), at, np.full(len(solids[i]), at + 0.5)) for at in straight]
    # Of like heights together, so that few empty rows are added to them.
    wider = sorted((i for i in wide if solids[i].shape[1] >= _MIN_SEAM_WIDTH * height), key=lambda i: len(solids[i]))
    for first in range(0, len(wider), _TOGETHER):
        part = wider[first : first + _TOGETHER]
        for i, way in zip(part, _ways([solids[i] for i in part]), strict=True):
            candidates[i] += _seams(way, solids[i], profiles[i], stroke, distance)
    return [_chosen(found, distance, stroke) for found in candidates]


def _solid(u: np.ndarray, ink_rows: np.ndarray) -> np.ndarray:
    """A component's pixels, float32 (h, w), 1 for ink."""
    column, row = (u - u.min()).astype(int), ink_rows - ink_rows.min()
    solid = np.zeros((int(row.max()) + 1, int(column.max()) + 1), np.float32)
    solid[row, column] = 1
    return solid


def _chosen(candidates: list[_Candidate], distance: int, stroke: float) -> list[Cut]:
    """The cheapest of those that are too near each other."""
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate[0]):
        if all(abs(candidate[1] - other[1]) >= distance for other in chosen):
            chosen.append(candidate)
    return [Cut(columns, cost / stroke) for cost, _, columns in sorted(chosen, key=lambda candidate: candidate[1])]


def _straight_cuts(solid: np.ndarray, height: float, stroke: float, distance: int) -> tuple[np.ndarray, list[float]]:
    """Pixels of ink in each column, a stroke's edge smoothed away, and the columns to cut at."""
    profile, window = solid.sum(axis=0, dtype=np.float64), max(1, round(stroke / 2)) | 1
    # Its ends go on; quicker than ``np.pad``.
    repeated = np.clip(np.arange(-(window // 2), len(profile) + window // 2), 0, len(profile) - 1)
    profile = np.convolve(profile[repeated], np.ones(window) / window, mode="valid")
    top = solid.argmax(axis=0)
    bottom = len(solid) - 1 - solid[::-1].argmax(axis=0)
    extent = np.where(solid.any(axis=0), bottom - top + 1, 1 - len(solid)).astype(np.float64)
    # Where the outline is lowest, rounds touch: oo has least ink in the middles of its letters.
    return profile, _minima(profile, distance, _MAX_CUT * stroke) + _minima(extent, distance, 0.5 * height)


def _ways(solids: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each component the least ink on a path from its top to its bottom through each column of its middle row, and
    how the path's two halves go: see ``_descent``.

    All at once, side by side, since one long row takes hardly longer than one short one. The halves end in the middle
    row, the lower one upside down; empty rows before a shorter one cost nothing.
    """
    middles = [len(solid) // 2 for solid in solids]
    # Between two there is a column that no path can enter.
    ends = np.cumsum([solid.shape[1] + 1 for solid in solids])
    columns = [slice(end - solid.shape[1] - 1, end - 1) for solid, end in zip(solids, ends, strict=True)]
    halves = np.full((max(middles) + 1, 2, int(ends[-1])), np.inf, np.float32)
    for solid, middle, its in zip(solids, middles, columns, strict=True):
        lower = solid[: middle - 1 if middle else None : -1]
        halves[:, :, its] = 0
        halves[-middle - 1 :, 0, its], halves[-len(lower) :, 1, its] = solid[: middle + 1], lower
    costs, steps = _descent(halves)
    for solid, middle, its in zip(solids, middles, columns, strict=True):
        yield costs[0, its] + costs[1, its] - solid[middle], steps[-middle - 1 :, :, its]


def _seams(
    way: tuple[np.ndarray, np.ndarray], solid: np.ndarray, profile: np.ndarray, stroke: float, distance: int
) -> list[_Candidate]:
    """Cuts that bend around ink, where they cost less than straight ones nearby.

    Paths of least ink, as seams in seam carving (Avidan and Shamir 2007) and "drop fall" cuts of touching digits
    (Congedo et al. 1995).
    """
    (ink, steps), below = way, len(solid) - len(solid) // 2
    nearby = cv2.erode(profile[None], np.ones((1, distance | 1)), borderType=cv2.BORDER_REPLICATE)[0]
    result = []
    for at in _minima(ink, distance, _MAX_CUT * stroke):
        start = int(at)
        if ink[start] < nearby[start]:
            upper, lower = (_followed(steps[:, half], start) for half in (0, 1))
            columns = np.concatenate([upper, lower[::-1][1:below]])
            result.append((float(ink[start]), float(start), columns + 0.5))
    return result


def _descent(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least costs of paths from the first row to each column of the last, float (n, w), and in every row the step,
    -1 to 1, that the path to each column came by, int8 (h, n, w); of ink (h, n, w), 0 to 1."""
    steps = np.zeros(ink.shape, np.int8)
    # The paper at both sides is out of reach.
    wide = np.full((ink.shape[1], ink.shape[2] + 2), np.inf, np.float32)
    cost = wide[:, 1:-1]
    cost[:] = ink[0]
    for row in range(1, len(ink)):
        left, right = wide[:, :-2], wide[:, 2:]
        bent = np.minimum(left, right) + np.float32(_BEND)
        steps[row] = np.where(bent < cost, np.where(left <= right, -1, 1), 0)
        cost[:] = np.minimum(cost, bent) + ink[row]
    return cost, steps


def _followed(steps: np.ndarray, column: int) -> np.ndarray:
    """The columns of the path to ``column`` of the last row, from the first row on."""
    columns = np.empty(len(steps), int)
    for row in range(len(steps) - 1, -1, -1):
        columns[row] = column
        column += int(steps[row, column])
    return columns


def _minima(values: np.ndarray, distance: int, limit: float) -> list[float]:
    """Places of the local minima up to ``limit``: the middle of short ones, middle and ends of long ones.

    A foot that touches the next letter's stem is level up to it: the cut is at the end.
    """
    width = len(values)
    around = cv2.erode(values[None], np.ones((1, 2 * distance + 1)), borderType=cv2.BORDER_REPLICATE)[0]
    low = np.flatnonzero((values <= limit) & (values <= around + 1e-6))
    low = low[(low >= distance) & (low < width - distance)]
    places: list[float] = []
    for run in np.split(low, np.flatnonzero(np.diff(low) > 1) + 1) if len(low) else []:
        # A window hides the ends of a plateau: go on while it stays level.
        first, last = int(run[0]), int(run[-1])
        while first > distance and values[first - 1] <= values[run[0]] * 1.3:
            first -= 1
        while last < width - distance - 1 and values[last + 1] <= values[run[-1]] * 1.3:
            last += 1
        places.append((first + last) / 2)
        if last - first > 2 * distance:
            places += [float(first), float(last)]
    return places
