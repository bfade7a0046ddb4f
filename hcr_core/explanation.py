"""Why a character was read as it was: which of its ink spoke for one class and against another."""

from collections.abc import Callable

import cv2
import numpy as np

from hcr_core.preprocessing import GLYPH_SIZE

#: Spread, in glyph pixels, of the soft spot that is taken away. A stroke of EMNIST is 2 to 4 wide; smaller gaps in it
#: are overlooked by a network that learnt to read broken strokes.
_SPOT = 2.8
#: Below this share of the darkest ink a pixel is paper: taking it away changes nothing.
_PAPER = 0.1


def evidence(
    classify: Callable[[np.ndarray], np.ndarray], glyph: np.ndarray, answer: int, rival: int | None = None
) -> np.ndarray:
    """How much each part of the ink speaks for a class: what is lost where it is taken away.

    A soft spot of ink is removed around every inked pixel in turn, and the log odds of ``answer`` are
    compared with those of the whole glyph (occlusion sensitivity: Zeiler and Fergus 2014,
    arXiv:1311.2901, section 4.2).

    Args:
        classify: Glyphs, uint8 (n, 28, 28), to probabilities, (n, classes).
        glyph: uint8 (28, 28), white ink on black.
        answer: The class asked about.
        rival: The class it is held against; ``None`` for all others together.

    Returns:
        float32 (28, 28), natural log odds: positive where the ink speaks for ``answer``, negative
        where it speaks against it, 0 where there is no ink.
    """
    rows, columns = np.nonzero(glyph > _PAPER * 255)
    if not len(rows):
        return np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.float32)
    spots = _spots(rows, columns)
    thinned = np.round(glyph * (1 - spots)).astype(np.uint8)
    odds = _log_odds(classify(np.concatenate([glyph[None], thinned])), answer, rival)
    lost = (odds[0] - odds[1:]).astype(np.float32)
    # Every pixel's share in what the spots over it lost.
    total = np.tensordot(lost, spots, axes=1) / np.maximum(spots.sum(axis=0), 1e-6)
    return total * (glyph / 255).astype(np.float32)


def _spots(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Soft spots around places, float32 (n, 28, 28), 1 at their centres."""
    axis = np.arange(GLYPH_SIZE)
    vertical = np.exp(-(((axis - rows[:, None]) / _SPOT) ** 2) / 2)
    horizontal = np.exp(-(((axis - columns[:, None]) / _SPOT) ** 2) / 2)
    return (vertical[:, :, None] * horizontal[:, None, :]).astype(np.float32)


def _log_odds(probabilities: np.ndarray, answer: int, rival: int | None) -> np.ndarray:
    """Natural log odds of a class, float64 (n,), against another or all others."""
    p = np.asarray(probabilities, np.float64).clip(1e-7, 1)
    against = p[:, rival] if rival is not None else (1 - p[:, answer]).clip(1e-7)
    return np.log(p[:, answer]) - np.log(against)


def coloured(glyph: np.ndarray, spoken: np.ndarray, scale: int = 8) -> np.ndarray:
    """An evidence map as a picture: the ink on white, blue where it speaks for the class, orange where against.

    Args:
        glyph: uint8 (28, 28).
        spoken: float32 (28, 28), see ``evidence``.
        scale: Picture pixels per glyph pixel.

    Returns:
        uint8 (28 * scale, 28 * scale, 3), RGB. Colours that differ in lightness too, so that they
        are told apart by everyone.
    """
    # By the strongest tenth, not by a single pixel.
    strong = np.quantile(np.abs(spoken[glyph > 0]), 0.95) if (glyph > 0).any() else 1
    share = cv2.resize(np.clip(spoken / max(float(strong), 1e-6), -1, 1), None, fx=scale, fy=scale)[..., None]
    ink = cv2.resize(glyph, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)[..., None] / 255.0
    neutral, for_it, against = (np.array(colour, float) for colour in ((190, 190, 196), (47, 76, 204), (226, 120, 30)))
    colour = neutral + np.maximum(share, 0) * (for_it - neutral) + np.maximum(-share, 0) * (against - neutral)
    return np.round(255 + ink * (colour - 255)).clip(0, 255).astype(np.uint8)


def map_sheet(maps: np.ndarray, columns: int, most: int, tile: int = 84) -> np.ndarray:
    """The feature maps of a layer that answer strongest, as one picture to be seen from the last row.

    Args:
        maps: float32 (height, width, channels), see ``network_graph.LayerMaps``.
        columns: Maps in a row.
        most: Maps at most.
        tile: Side of a map in the picture, in pixels.

    Returns:
        uint8 (rows * (tile + 4), columns * (tile + 4), 3), RGB: dark where a map is silent, up to pale yellow
        where it answers as strong as any of the layer; brighter means stronger in every print and for every eye.
    """
    positive = np.maximum(maps, 0)
    order = np.argsort(-positive.max(axis=(0, 1)), kind="stable")[:most]
    strongest = max(float(positive.max()), 1e-9)
    cell = tile + 4
    sheet = np.full((-(-len(order) // columns) * cell, columns * cell, 3), 255, np.uint8)
    for place, channel in enumerate(order):
        share = cv2.resize(positive[:, :, channel] / strongest, (tile, tile), interpolation=cv2.INTER_NEAREST)
        y, x = divmod(place, columns)
        picture = cv2.applyColorMap(np.round(255 * np.sqrt(share)).astype(np.uint8), cv2.COLORMAP_INFERNO)
        sheet[y * cell : y * cell + tile, x * cell : x * cell + tile] = picture[:, :, ::-1]
    return sheet
