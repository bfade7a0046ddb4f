"""An image that was read lying on its side or upside down, turned as a person reads it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from hcr_core.preprocessing import Box
from hcr_core.recognition import Reading


def quarter_turns(reading: Reading) -> int:
    """By how many quarter turns counterclockwise (as ``numpy.rot90``) the writing becomes upright, 0-3.

    Characters of a word follow each other to the right once they stand upright.
    """
    steps = [
        (b.box.x + b.box.width / 2 - a.box.x - a.box.width / 2, b.box.y + b.box.height / 2 - a.box.y - a.box.height / 2)
        for line in reading.lines
        for word in line.words
        for a, b in pairwise(word.characters)
    ]
    if not steps:
        return 0
    x, y = np.median(steps, axis=0)
    if abs(x) >= abs(y):
        return 0 if x >= 0 else 2
    return 1 if y > 0 else 3


def upright(image: np.ndarray, reading: Reading) -> tuple[np.ndarray, Reading]:
    """An image and what was read on it, both turned so that the writing is upright.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        reading: With boxes in pixels of ``image``.
    """
    turns = quarter_turns(reading)
    if not turns:
        return image, reading
    shape = image.shape[:2]
    turned = reading.changed(lambda _, c: replace(c, box=turned_box(c.box, shape, turns)))
    return np.ascontiguousarray(np.rot90(image, turns)), turned


def turned_box(box: Box, shape: tuple[int, int], turns: int) -> Box:
    """Where a box of an image of ``shape`` (height, width) is once that is turned counterclockwise."""
    height, width = shape
    for _ in range(turns % 4):
        box = Box(box.y, width - box.x - box.width, box.height, box.width)
        height, width = width, height
    return box
