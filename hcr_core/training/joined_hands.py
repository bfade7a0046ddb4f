"""Pen strokes as a joined hand would give them: slanted, small letters with the strokes that lead in and out.

Most people asked for single characters print them; whoever joins letters writes single ones with part of the joins.
"""

from collections.abc import Sequence

import numpy as np

#: Points of a lead-in or lead-out.
_POINTS = 9
#: Shares of small letters that get a lead-in and a lead-out.
_LEAD_IN, _LEAD_OUT = 0.6, 0.6


def slant(rng: np.random.Generator) -> np.ndarray:
    """To the right, by 6 to 33 degrees, and narrower, as joined hands are; float32 (2, 2) for x and y down."""
    return np.array([[rng.uniform(0.6, 1), -rng.uniform(0.1, 0.65)], [0, 1]], np.float32)


def with_leads(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """A small letter with a stroke that leads in from the line of writing, one that leads out, or both.

    Args:
        strokes: Arrays (n, 2) of x (right) and y (down), 0 to 1 along the letter's longer side.
        rng: Of all that is random.

    Returns:
        The strokes, float32 (n, 2) each; a lead is part of the stroke that it joins.
    """
    paths = [np.asarray(stroke, np.float32) for stroke in strokes]
    bottom, right = (float(max(path[:, axis].max() for path in paths)) for axis in (1, 0))
    # Bars and dots are written last and stand alone.
    longest = max(range(len(paths)), key=lambda number: len(paths[number]))
    if rng.random() < _LEAD_IN:
        first = paths[0][0]
        start = np.array([first[0] - rng.uniform(0.1, 0.55), first[1] + rng.uniform(0.1, 1) * (bottom - first[1])])
        # It rises late, as before an i, or early and comes from above, as before an a.
        bend = rng.uniform(0, 1, 2) * (first - start) + start
        paths[0] = np.concatenate([_curve(start, bend, first)[:-1], paths[0]])
    if rng.random() < _LEAD_OUT:
        last = paths[longest][-1]
        end = np.array([max(last[0], right) + rng.uniform(0.05, 0.4), last[1] - rng.uniform(-0.05, 0.5)])
        bend = np.array([rng.uniform(last[0], end[0]), last[1] + rng.uniform(0, 0.1)])
        paths[longest] = np.concatenate([paths[longest], _curve(last, bend, end)[1:]])
    return [path.astype(np.float32) for path in paths]


def _curve(start: np.ndarray, bend: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A quadratic Bezier curve, float (n, 2)."""
    at = np.linspace(0, 1, _POINTS)[:, None]
    return (1 - at) ** 2 * start + 2 * at * (1 - at) * bend + at**2 * end
