"""Images of a data set that take a click to the Recognize page."""

import numpy as np

from ui import data as lookup
from ui.image_views import image_grid
from ui.recognize_this import send_to_recognize


def clickable(
    name: str, positions: np.ndarray, key: str, captions=None, words=None, images=None, tile=56, **arrangement
) -> None:
    """Images of a data set in a grid; a click takes one to the Recognize page.

    ``captions`` (none if not given) stand below them, ``words`` in their tooltips; ``images`` are
    shown in place of the originals. ``arrangement`` is that of ``image_grid``.
    """
    data = lookup.dataset(name)
    shown = np.asarray(data.images[positions]) if images is None else images
    words = words or [f"{label_of(data, position)}, image {position}" for position in positions]
    captions = captions or [""] * len(positions)
    send(name, positions, image_grid(shown, captions, f"{key}-{name}", tile=tile, descriptions=words, **arrangement))


def send(name: str, positions: np.ndarray, picked: int | None) -> None:
    """Take a clicked image to the Recognize page."""
    if picked is not None and picked < len(positions):
        data, position = lookup.dataset(name), int(positions[picked])
        send_to_recognize(np.asarray(data.images[position]), f"{name}, image {position}: {label_of(data, position)}")


def label_of(data, position: int) -> str:
    return data.alphabet[int(data.labels[position])]
