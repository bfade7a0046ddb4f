"""Lines of writing in the pen alphabet, for tests of everything that reads more than a character."""

import cv2
import numpy as np

from hcr_core.datasets.pen_alphabet import pen_strokes

#: Height of a drawn x in pixels, and what of the alphabet's 100 units an x is.
X_HEIGHT, _X_UNITS = 24, 64
PITCH = 80


def paper(height: int, width: int, level: int = 255) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def write(
    image: np.ndarray, text: str, x: float, y: float, *, pen: int = 3, colour=(30, 30, 30), gap: float = 8
) -> float:
    """Write text with its baseline at y; returns where it ends."""
    scale = X_HEIGHT / _X_UNITS
    for letter in text:
        if letter == " ":
            x += 1.2 * X_HEIGHT
            continue
        strokes = pen_strokes(letter)
        low, high = (
            limit(stroke[:, 0]) for limit, stroke in ((min, np.concatenate(strokes)), (max, np.concatenate(strokes)))
        )
        for stroke in strokes:
            path = np.round(((stroke - [low, 100]) * scale + [x, y]) * 16).astype(np.int32)
            cv2.polylines(image, [path], False, colour, pen, cv2.LINE_AA, 4)
        x += (high - low) * scale + gap
    return x


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
