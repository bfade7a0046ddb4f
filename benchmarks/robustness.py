"""How much of a stored model's accuracy is left under other pens, turns, sizes, places and damage.

Held-out pen strokes on a white sheet of 400 pixels through the whole path, image to answer. Run:
``HCR_DATA_DIR=... python -m benchmarks.robustness [MODEL]``.
"""

import sys
from collections.abc import Sequence

import cv2
import numpy as np

from hcr_core import Recognizer
from hcr_core.datasets import load
from hcr_core.evaluation import accuracy_figures
from hcr_core.preprocessing import image_to_glyph

SAMPLES, SIDE = 2000, 400
#: The plain case: a pen of 8 % of the character, the character half the sheet, in its middle.
PLAIN = {"pen": 0.08, "angle": 0.0, "scale": 1.0, "shift": (0.0, 0.0), "damage": ""}
CASES = {
    "plain": {},
    **{f"turned {angle:+d} degrees": {"angle": angle} for angle in (-20, -10, 10, 20)},
    **{f"pen {pen:.1%} of the height": {"pen": pen} for pen in (0.005, 0.02, 0.14, 0.2)},
    **{f"scale {scale}": {"scale": scale} for scale in (0.5, 2.0)},
    **{f"shifted {x:+.1f}, {y:+.1f} of the sheet": {"shift": (x, y)} for x, y in ((-0.2, -0.2), (0.2, 0.1))},
    "broken stroke": {"damage": "broken"},
    "speckled stroke": {"damage": "speckled"},
}


def sheet(strokes: Sequence[np.ndarray], rng, *, pen, angle, scale, shift, damage) -> np.ndarray:
    """A drawing on white paper, uint8 (SIDE, SIDE); lengths as shares of the character or the sheet."""
    size = 0.45 * SIDE * scale
    points = np.concatenate(strokes).astype(float)
    middle, extent = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0).max()
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size / max(extent, 1)
    image = np.full((SIDE, SIDE), 255, np.uint8)
    for stroke in strokes:
        path = (stroke - middle) @ matrix.T + SIDE / 2 + np.array(shift) * SIDE
        path = np.round(np.repeat(path, 2, axis=0) * 16).astype(np.int32)
        cv2.polylines(image, [path], False, 0, max(1, round(pen * size)), cv2.LINE_AA, 4)
    if damage == "broken":
        for _ in range(3):
            start = points[rng.integers(len(points))]
            x, y = ((start - middle) @ matrix.T + SIDE / 2).round().astype(int)
            cv2.circle(image, (int(x), int(y)), round(0.03 * size), 255, -1)
    if damage == "speckled":
        grain = cv2.resize(rng.random((SIDE // 3, SIDE // 3)), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        image[grain < 0.2] = 255
    return image


def main() -> None:
    recognizer = Recognizer.load(*sys.argv[1:2])
    dataset = load("unipen", "test")
    rows = np.random.default_rng(0).choice(len(dataset), SAMPLES, replace=False)
    for name, changes in CASES.items():
        rng = np.random.default_rng(1)
        glyphs = [image_to_glyph(sheet(dataset.strokes[i], rng, **PLAIN | changes)) for i in rows]
        glyphs = np.stack([np.zeros((28, 28), np.uint8) if glyph is None else glyph for glyph in glyphs])
        figures = accuracy_figures(recognizer.classify(glyphs), dataset.labels[rows], dataset.alphabet)
        print(f"{name:<36} {figures['accuracy']:7.2%} {figures['folded']:7.2%} {figures['shape']:7.2%}", flush=True)


if __name__ == "__main__":
    main()
