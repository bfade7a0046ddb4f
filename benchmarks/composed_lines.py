"""Lines of writing put together from single characters, for benchmarks and tuning."""

import cv2
import numpy as np

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE
from hcr_core.line_context import CAP, DESCENT, expected_heights  # noqa: F401

#: How often words of each kind are written: small, Capitalised, capitals, digits.
_KINDS = (0.45, 0.2, 0.15, 0.2)


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Random words of one kind each, 2 to 8 characters."""
    result = []
    for kind in rng.choice(4, count, p=_KINDS):
        pool = (LOWERCASE, LOWERCASE, UPPERCASE, DIGITS)[kind]
        word = "".join(rng.choice(list(pool), rng.integers(2, 9)))
        result.append(word.capitalize() if kind == 1 else word)
    return result


def compose(glyphs: list[np.ndarray], text: str, heights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write ``text`` with a glyph for each of its letters.

    Args:
        glyphs: uint8 (28, 28) each, white on black, one for each character that is no space.
        heights: float (len(glyphs), 2): top and bottom over the baseline in x-heights.

    Returns:
        uint8 (h, w), dark on white: gaps vary from touching to a third of the height, the line is
        slanted and its baseline drifts.
    """
    x_height = float(rng.uniform(24, 44))
    slant, drift = rng.uniform(-0.1, 0.4), rng.uniform(-0.03, 0.03)
    tracking, touching = rng.uniform(0.05, 0.3), rng.uniform(0, 0.2)
    canvas = np.zeros((round(6 * x_height), round(len(text) * 2.6 * x_height) + 100), np.uint8)
    base, x, position, edge = 3.4 * x_height, 2 * x_height, 0, None
    for letter in text:
        if letter == " ":
            x, edge = x + x_height * rng.uniform(0.9, 1.5), None
            continue
        part = _placed(glyphs[position], heights[position], x_height, slant, rng)
        top = round(base + drift * x + rng.normal(0, 0.05) * x_height - heights[position][0] * x_height)
        position += 1
        if edge is not None:
            x += _advance(canvas, part, top, round(x), rng.random() < touching, tracking * x_height, rng)
        left = max(0, round(x))
        area = canvas[top : top + part.shape[0], left : left + part.shape[1]]
        np.maximum(area, part[: area.shape[0], : area.shape[1]], out=area)
        x = edge = left + part.shape[1]
    columns = np.flatnonzero(canvas.max(axis=0) > 60)
    margin = round(x_height)
    return 255 - canvas[:, max(0, columns[0] - margin) : columns[-1] + margin]


def _placed(
    glyph: np.ndarray, height: np.ndarray, x_height: float, slant: float, rng: np.random.Generator
) -> np.ndarray:
    """A glyph cut out, brought to its height and slanted."""
    x, y, w, h = cv2.boundingRect((glyph >= 60).astype(np.uint8))
    wanted = max(4, round((height[0] - height[1]) * x_height * rng.uniform(0.92, 1.08)))
    scale = wanted / h
    part = cv2.resize(glyph[y : y + h, x : x + w], (max(3, round(w * scale)), wanted), interpolation=cv2.INTER_CUBIC)
    lean = round(abs(slant) * wanted)
    matrix = np.float32([[1, -slant, max(0, slant * wanted)], [0, 1, 0]])
    part = cv2.warpAffine(part, matrix, (part.shape[1] + lean, wanted))
    columns = np.flatnonzero(part.max(axis=0) >= 60)
    return part[:, columns[0] : columns[-1] + 1]


def _advance(canvas, part, top: int, x: int, touch: bool, gap: float, rng) -> float:
    """By how much ``part`` moves from where its box would touch the last one's, so that its ink is
    a gap away, or touches."""
    left = canvas[top : top + part.shape[0], :x] >= 100
    distances = []
    for row in range(min(len(left), len(part))):
        last, first = np.flatnonzero(left[row, max(0, x - 150) :]), np.flatnonzero(part[row] >= 100)
        if len(last) and len(first):
            distances.append(min(150, x) - 1 - last[-1] + first[0])
    clearance = min(distances) if distances else 0
    if touch:
        return -clearance + rng.uniform(-2, 0)
    return -min(clearance, 0.25 * part.shape[0]) + gap * rng.uniform(0.6, 1.6) + 2
