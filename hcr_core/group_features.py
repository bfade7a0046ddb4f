"""What there is to know of a group of pieces before and after the recognition network has seen it."""

import cv2
import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.preprocessing import Box
from hcr_core.segmentation import Groups, Pieces

#: Numbers of ``geometry`` and of ``sureness``.
GEOMETRY, SURENESS = 13, 4
#: Side of a group's surroundings, and pixels of a typical height there: the widest character fits in.
CONTEXT_SIDE, _CONTEXT_UNIT = 32, 12
#: Pixels of a line's picture at that height, at most: dust all over a page is not enlarged to letters.
_MOST_CONTEXT = 10_000_000


def geometry(pieces: Pieces, groups: Groups) -> np.ndarray:
    """How every group lies in its line, float32 (n, 13).

    Widths, heights and gaps are in typical heights, cuts in stroke widths.
    """
    boxes, unit = groups.boxes, pieces.height
    width, height = (boxes[:, 2] - boxes[:, 0]) / unit, (boxes[:, 3] - boxes[:, 1]) / unit
    right = np.maximum.accumulate(np.concatenate([[-np.inf], pieces.boxes[:, 2]]))
    left = np.minimum.accumulate(np.concatenate([pieces.boxes[:, 0], [np.inf]])[::-1])[::-1]
    gap = np.clip((left - right) / unit, -1, 1)
    area = np.concatenate([[0], np.cumsum(pieces.area)])
    columns = [
        *(width, height, np.log(width / height + 0.02), (groups.last - groups.first) / 4),
        *(groups.gap * 3, np.minimum(groups.inner, 8) / 3, pieces.cut[groups.first], pieces.cut[groups.last]),
        *(gap[groups.first], gap[groups.last]),
        (boxes[:, 1] - pieces.boxes[:, 1].min(initial=np.inf)) / unit,
        (pieces.boxes[:, 3].max(initial=-np.inf) - boxes[:, 3]) / unit,
        (area[groups.last] - area[groups.first]) / (pieces.stroke * unit),
    ]
    return np.column_stack(columns).astype(np.float32)


def sureness(probabilities: np.ndarray, written: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """How sure the recognition network is of shapes, look-alikes taken together: float32 (n, 4).

    ``probabilities`` is float (n, classes), ``written`` float (n,), of being a character at all.
    """
    shapes = alphabet.shape_groups
    together = np.zeros((len(probabilities), int(shapes.max()) + 2))
    np.add.at(together.T, shapes, probabilities.T)
    together.sort(axis=1)
    entropy = -(probabilities * np.log(probabilities + 1e-9)).sum(axis=1)
    columns = [np.log(together[:, -1] + 1e-4) / 2, together[:, -1] - together[:, -2], entropy, written]
    return np.column_stack(columns).astype(np.float32)


def context_images(pieces: Pieces, groups: Groups, boxes: list[Box]) -> np.ndarray:
    """Every group among its neighbours, uint8 (n, 32, 32, 2): all ink, and the group's own.

    ``boxes`` are the groups' places in the line, pixels.
    """
    if not len(groups):
        return np.zeros((0, CONTEXT_SIDE, CONTEXT_SIDE, 2), np.uint8)
    scale = min(_CONTEXT_UNIT / pieces.height, (_MOST_CONTEXT / pieces.ink.size) ** 0.5)
    size = (max(1, round(pieces.ink.shape[1] * scale)), max(1, round(pieces.ink.shape[0] * scale)))
    ink = cv2.resize(pieces.ink, size, interpolation=cv2.INTER_AREA)
    # Spread out, so that a thin stroke is not missed between two of the pixels that are kept.
    reach = np.ones((max(1, round(1 / scale)),) * 2, np.uint8)
    number = cv2.resize(cv2.dilate(pieces.number, reach), size, interpolation=cv2.INTER_NEAREST)
    ink, number = np.pad(ink, CONTEXT_SIDE), np.pad(number, CONTEXT_SIDE)
    centres = np.array([(box.y + box.height / 2, box.x + box.width / 2) for box in boxes]) * scale
    corners = np.clip(np.round(centres).astype(int) + CONTEXT_SIDE // 2, 0, np.array(ink.shape) - CONTEXT_SIDE)
    span = np.arange(CONTEXT_SIDE)
    rows, columns = (corners[:, 0, None] + span)[:, :, None], (corners[:, 1, None] + span)[:, None]
    around, owner = ink[rows, columns], number[rows, columns]
    own = (owner > groups.first[:, None, None]) & (owner <= groups.last[:, None, None])
    return np.stack([around, np.where(own, around, 0)], axis=-1).astype(np.uint8)
