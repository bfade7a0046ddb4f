"""Whether an image that was read as one character seems to hold more."""

from typing import TYPE_CHECKING

import numpy as np

from hcr_core.deskew import character_count
from hcr_core.page_ink import find_ink

if TYPE_CHECKING:
    from hcr_core.recognition import Reading

#: So many parts are more than the strokes of one character.
_MORE = 4


def has_several(image: np.ndarray, reading: "Reading") -> bool:
    """Whether there seems to be more than one character.

    Args:
        image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.
        reading: What was read on it with the layout ``"character"``.

    Raises:
        ImageError: Not an image array.
    """
    # What was refused, or not even found, as a character need not have as many parts.
    found = bool(reading.characters) and not reading.characters[0].refused
    return character_count(find_ink(image).ink) >= (_MORE if found else 2)
