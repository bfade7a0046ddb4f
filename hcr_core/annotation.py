"""Readings drawn on their images: every character with its box and label."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from hcr_core.recognition import Character, Reading

#: RGB of boxes: sure, unsure, and corrected by a person.
_SURE, _UNSURE, _CORRECTED = (0, 130, 60), (220, 110, 0), (40, 75, 200)


def annotated(image: np.ndarray, reading: "Reading") -> np.ndarray:
    """An image with a box around every character and its label above: green where sure, blue where
    corrected, else orange.

    Args:
        image: uint8 (H, W) or (H, W, 3) RGB.
        reading: What was read on it.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image.copy()
    heights = [character.box.height for character in reading.characters]
    size = float(np.median(heights)) if heights else 0.0
    for character in reading.characters:
        box, colour = character.box, _colour(character)
        thickness = max(1, round(size / 40))
        corner = (box.x + box.width, box.y + box.height)
        cv2.rectangle(picture, (box.x, box.y), corner, colour, thickness)
        at = (box.x, max(round(size / 3), box.y - 2 * thickness))
        cv2.putText(picture, character.label, at, cv2.FONT_HERSHEY_SIMPLEX, size / 60, colour, thickness, cv2.LINE_AA)
    return picture


def _colour(character: "Character") -> tuple[int, int, int]:
    if character.read_as is not None:
        return _CORRECTED
    return _SURE if character.sure else _UNSURE
