"""Text in the pen alphabet: for examples on the page, and for tests of everything that reads words."""

import numpy as np

from hcr_core.datasets.pen_alphabet import pen_strokes

#: What of the alphabet's units an x is high, where its baseline is, and how wide a space is in x-heights.
_X_UNITS, _BASELINE, _SPACE = 64, 100, 1.2


def text_strokes(text: str, x: float, y: float, *, x_height: float, gap: float) -> tuple[list[np.ndarray], float]:
    """The strokes of a line of text, and where it ends.

    Args:
        text: Characters of the pen alphabet and spaces.
        x: Left end, in pixels, as all that follows.
        y: Baseline.
        x_height: Height of a small x.
        gap: Between characters.

    Returns:
        Strokes, float (n, 2) each, and the x after the last character's gap.
    """
    scale, result = x_height / _X_UNITS, []
    for letter in text:
        if letter == " ":
            x += _SPACE * x_height
            continue
        strokes = pen_strokes(letter)
        columns = np.concatenate(strokes)[:, 0]
        result += [(stroke - [columns.min(), _BASELINE]) * scale + [x, y] for stroke in strokes]
        x += float(np.ptp(columns)) * scale + gap
    return result, x
