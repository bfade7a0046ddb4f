"""What every reader gives: a data set piece by piece, so that memory stays flat."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hcr_core.datasets.errors import DatasetError

Polarity = Literal["auto", "white-on-black", "black-on-white"]
POLARITIES: tuple[Polarity, ...] = ("auto", "white-on-black", "black-on-white")

#: Characters of a label, or of a writer's name, at most. NumPy gives every text of an array the room of the longest.
MAX_LABEL = 64

#: Images of a data set at most: the largest collections of characters have as many.
MAX_SAMPLES = 4_000_000


@dataclass(frozen=True)
class Block:
    """Some neighbouring samples of a data set.

    Attributes:
        images: uint8 (k, H, W) upright, in the source's polarity.
        labels: str (k,).
        split: The part they belong to; empty where the source does not say.
        writers: str (k,) or ``None``.
        fraction: How much of the source has been read with this block, 0-1.
    """

    images: np.ndarray
    labels: np.ndarray
    split: str = ""
    writers: np.ndarray | None = None
    fraction: float = 1.0


def is_black_on_white(images: np.ndarray) -> bool:
    """Whether the background, seen on the images' outermost pixels, is bright; uint8 (k, H, W).

    The mean of the border decides for each image, the majority for all of them: a data set is
    of one polarity, and single strokes run off the edge.
    """
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    return float((border.mean(axis=1) > 127.5).mean()) > 0.5


def square(images: np.ndarray, where: str) -> np.ndarray:
    """``images`` as (n, H, H) of at least 2x2; raises ``DatasetError`` naming ``where`` otherwise.

    (n, H*H) and (n, H, H, 1) are brought to that shape.
    """
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim == 2:
        side = side_of(images.shape[1], where)
        images = images.reshape(len(images), side, side)
    if images.ndim != 3 or images.shape[1] != images.shape[2] or images.shape[1] < 2:
        raise DatasetError(f"{where}: images of {' x '.join(map(str, images.shape[1:]))} are not square")
    return images


def side_of(pixels: int, where: str) -> int:
    """Side of a square image of so many pixels; raises ``DatasetError`` where there is none."""
    side = round(pixels**0.5)
    if side < 2 or side * side != pixels:
        near = max(side, 2)
        raise DatasetError(
            f"{where}: {pixels} pixel columns make no square image ({near} x {near} would be {near * near})"
        )
    return side


def short(text: str) -> str:
    """A text from a file for a message: in one line, and no longer than that."""
    return " ".join(text.split())[:40]


def check_label(label: str, where: str) -> None:
    """Raise ``DatasetError`` naming ``where`` for a label that is too long to be one."""
    if len(label) > MAX_LABEL:
        raise DatasetError(
            f"{where}: {short(label)!r}... has {len(label):,} characters; labels have at most {MAX_LABEL}"
        )
