"""What was drawn on the canvas as pen strokes: the way back from ``ui.canvas.stroke_objects``."""

from collections.abc import Iterable, Sequence

import numpy as np

#: Pixels from the corner of the pad beyond which nobody draws: more would not fit into what strokes are kept as.
_FARTHEST = 1e5
#: Numbers that follow each command of a path in Fabric.js, pairs of x and y.
_PAIRS = {"M": 1, "L": 1, "Q": 2, "C": 3}


def strokes_of(objects: Iterable[dict]) -> tuple[np.ndarray, ...]:
    """The pen's way in Fabric.js paths, as a browser sends them.

    A path of quadratic curves (Fabric's pencil) runs between the midpoints of where the pen was, which are its
    control points: both are taken, so that no corner is cut.

    Args:
        objects: Of the canvas, in the order they were drawn; what is no path is left out.

    Returns:
        A stroke each, float32 (n, 2) of x (right) and y (down) in pixels of the pad.
    """
    found = (_points(drawn.get("path")) for drawn in objects if isinstance(drawn, dict))
    return tuple(points for points in found if len(points))


def _points(path: object) -> np.ndarray:
    pairs: list[float] = []
    for command in path if isinstance(path, Sequence) and not isinstance(path, str) else ():
        if not isinstance(command, Sequence) or not command or not isinstance(command[0], str):
            continue
        numbers = [n for n in command[1:] if isinstance(n, int | float) and abs(n) <= _FARTHEST]
        if len(numbers) == 2 * _PAIRS.get(command[0], 0):
            pairs += numbers
    return np.array(pairs, np.float32).reshape(-1, 2)
