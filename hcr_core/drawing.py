"""What a drawing canvas in a browser sends, which may be anything, to an image and to its strokes."""

import base64
import binascii

import numpy as np

from hcr_core.imaging import ImageError, decode

#: More strokes than a hand draws; what lies behind is left out.
MOST_OBJECTS = 2_000


def drawn_image(data_url: object) -> np.ndarray | None:
    """The PNG of a ``data:image/png;base64,...`` address as ``imaging.decode`` gives it.

    ``None``, as for an empty sheet, where it is anything else.
    """
    if not isinstance(data_url, str):
        return None
    try:
        return decode(base64.b64decode(data_url.partition(",")[2], validate=True))
    except (ImageError, binascii.Error, ValueError):  # ValueError: characters outside ASCII
        return None


def drawn_objects(raw: object) -> list[dict]:
    """The Fabric.js objects of a canvas's JSON, one a stroke; none where it has another form."""
    objects = raw.get("objects") if isinstance(raw, dict) else None
    if not isinstance(objects, list):
        return []
    return [entry for entry in objects[:MOST_OBJECTS] if isinstance(entry, dict)]
