"""A character as a phone's photo shows it, read by the app's own photo path."""

import cv2
import numpy as np

from hcr_core.preprocessing import image_to_glyph


def photographed(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """The glyph that the photo path makes of ink on a synthetic sheet of paper.

    The sheet is as small and soft as a crop from a photo of a page: the character 14 to 60
    pixels, unevenly lit, blurred, noisy, in pencil or pen, some with a ruled line, the paper's
    edge or a neighbour's tail at the border.

    Args:
        ink: uint8 (h, w), 255 for ink, with any margin.
        rng: Of everything that varies.

    Returns:
        uint8 (28, 28), or ``None`` where the photo path saw nothing written.
    """
    x, y, w, h = cv2.boundingRect((ink >= 128).astype(np.uint8))
    if w == 0:
        return None
    ink = ink[y : y + h, x : x + w]
    scale = np.exp(rng.uniform(*np.log((14, 60)))) / max(w, h)
    size = (max(2, round(w * scale)), max(2, round(h * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    margins = rng.integers(2, 4 + max(size) // 3, 4)
    sheet = np.pad(small, (margins[:2], margins[2:]))
    if rng.random() < 0.3:
        _add_scrap(sheet, margins, rng)
    sheet = cv2.GaussianBlur(sheet, (0, 0), rng.uniform(0.3, 1.1) * max(size) / 28)
    return image_to_glyph(_lit(sheet, rng.uniform(0.2, 0.75), rng))


def paper(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A blank sheet as a photo shows it, uint8 of ``shape``."""
    return _lit(np.zeros(shape, np.float32), 0, rng)


def _lit(sheet: np.ndarray, contrast: float, rng: np.random.Generator) -> np.ndarray:
    """Share of ink 0-1 of every pixel to gray values, uint8."""
    h, w = sheet.shape
    slope = rng.uniform(-0.12, 0.12, 2)
    light = 1 + slope[0] * np.linspace(-1, 1, w)[None] + slope[1] * np.linspace(-1, 1, h)[:, None]
    grain = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), rng.uniform(0.3, 1.0))
    gray = rng.uniform(130, 235) * light * (1 - contrast * sheet) + rng.uniform(1, 5) * grain
    return np.clip(gray, 0, 255).astype(np.uint8)


def _add_scrap(sheet: np.ndarray, margins: np.ndarray, rng: np.random.Generator) -> None:
    """A line along one side of the sheet, outside of the character's own box, in place."""
    turns = int(rng.choice(4, p=(0.55, 0.15, 0.15, 0.15)))
    # rot90 views: the side in question becomes the last rows.
    view = np.rot90(sheet, turns)
    room = int(margins[(1, 3, 0, 2)[turns]])
    thickness = int(rng.integers(1, max(2, room)))
    offset = int(rng.integers(0, room - thickness + 1))
    start, end = np.sort(rng.uniform(0, 1, 2)) if rng.random() < 0.4 else (0, 1)
    row = view.shape[0] - thickness - offset
    view[row : row + thickness, int(start * view.shape[1]) : int(end * view.shape[1]) + 1] = rng.uniform(0.4, 1)
