"""Lines of writing in the pen alphabet, for tests of everything that reads more than a character."""

import cv2
import numpy as np

from hcr_core.datasets.pen_text import text_strokes

#: Height of a drawn x in pixels.
X_HEIGHT = 24
PITCH = 80


def paper(height: int, width: int, level: int = 255) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def write(
    image: np.ndarray, text: str, x: float, y: float, *, pen: int = 3, colour=(30, 30, 30), gap: float = 8
) -> float:
    """Write text with its baseline at y; returns where it ends."""
    strokes, end = text_strokes(text, x, y, x_height=X_HEIGHT, gap=gap)
    for stroke in strokes:
        path = np.round(stroke * 16).astype(np.int32)
        cv2.polylines(image, [path], False, colour, pen, cv2.LINE_AA, 4)
    return end


def page(*lines: str, width: int = 900, pitch: int = PITCH, **how) -> np.ndarray:
    """Lines of writing on white paper, uint8 (h, width, 3)."""
    image = paper(pitch * len(lines) + 80, width)
    for i, line in enumerate(lines):
        write(image, line, 50, 80 + pitch * i, **how)
    return image


def noisy(image: np.ndarray, deviation: float = 3) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, deviation, (*image.shape[:2], 1))
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def lit(image: np.ndarray, light: np.ndarray) -> np.ndarray:
    """An image under light of 0-1, with a sensor's noise."""
    return noisy(image * light[..., None])


def letters(text: str) -> str:
    """Letters and digits without case and spaces."""
    return "".join(c for c in text.lower() if c.isalnum())
