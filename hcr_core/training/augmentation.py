"""The same character as another hand, pen or sheet would show it, always through ``ink_to_glyph``."""

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_core.datasets import Dataset
from hcr_core.datasets.strokes import render
from hcr_core.preprocessing import GLYPH_SIZE, ink_to_glyph

#: Glyphs are transformed at four times their size, so that edges stay sharp.
_ENLARGED = 4


@dataclass(frozen=True)
class Augmentation:
    """How far a sample may be changed.

    Attributes:
        rotation: Largest turn either way, in degrees.
        shear: Largest slant either way, as horizontal shift per height.
        stretch: Largest change of the aspect, as a share.
        scale: Largest reduction of the finished glyph, as a share.
        shift: Largest displacement of the finished glyph, in pixels.
        widths: Thinnest and widest pen in thousandths of the character (drawn log-uniformly).
        untouched: Share of glyph samples that stay exactly as they are.
    """

    rotation: float = 14
    shear: float = 0.22
    stretch: float = 0.15
    scale: float = 0.15
    shift: float = 1.5
    widths: tuple[float, float] = (30, 200)
    untouched: float = 0.25

    def transform(self, rng: np.random.Generator) -> np.ndarray:
        """A random rotation, slant and stretch, float32 (2, 2)."""
        angle = np.deg2rad(rng.uniform(-self.rotation, self.rotation))
        shear, stretch = rng.uniform(-self.shear, self.shear), rng.uniform(-self.stretch, self.stretch)
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        return (turn @ np.array([[1 + stretch, shear], [0, 1]])).astype(np.float32)


#: How far samples are varied, by the name the user chooses; ``None``: not at all.
STRENGTHS: dict[str, Augmentation | None] = {
    "none": None,
    "light": Augmentation(rotation=7, shear=0.1, stretch=0.08, scale=0.08, shift=1, widths=(50, 140), untouched=0.5),
    "full": Augmentation(),
}


def random_glyph(dataset: Dataset, position: int, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A random variation of a data set's sample, uint8 (28, 28)."""
    strokes = dataset.strokes[position] if dataset.strokes is not None else []
    if strokes:
        width = np.exp(rng.uniform(*np.log(settings.widths)))
        glyph = ink_to_glyph(render(strokes, width, settings.transform(rng)))
        return _displaced(glyph, rng, settings)
    glyph = _stored_glyph(dataset, position)
    if rng.random() < settings.untouched:
        return glyph
    return _displaced(ink_to_glyph(_redrawn(glyph, rng, settings)), rng, settings)


def _stored_glyph(dataset: Dataset, position: int) -> np.ndarray:
    image = np.asarray(dataset.images[position])
    return image if image.shape == (GLYPH_SIZE, GLYPH_SIZE) else ink_to_glyph(image)


def _redrawn(glyph: np.ndarray, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A glyph, enlarged, turned and slanted, with a thinner or wider stroke."""
    side = GLYPH_SIZE * _ENLARGED * 3 // 2
    matrix = np.zeros((2, 3), np.float32)
    matrix[:, :2] = settings.transform(rng) * _ENLARGED
    matrix[:, 2] = side / 2 - matrix[:, :2] @ [GLYPH_SIZE / 2 - 0.5, GLYPH_SIZE / 2 - 0.5]
    ink = cv2.warpAffine(np.ascontiguousarray(glyph), matrix, (side, side), flags=cv2.INTER_CUBIC)
    # Undo part of the blur that the glyph already has: ``ink_to_glyph`` adds it again.
    ink = cv2.convertScaleAbs(ink.astype(np.float32).clip(64, 192) - 64, alpha=255 / 128)
    change = int(rng.integers(-3, 6))
    if change:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(change) + 1, abs(change) + 1))
        changed = cv2.dilate(ink, kernel) if change > 0 else cv2.erode(ink, kernel)
        # A pen thinner than the stroke would leave holes in it.
        if cv2.countNonZero(changed) > 0.6 * cv2.countNonZero(ink):
            ink = changed
    return ink


def _displaced(glyph: np.ndarray, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A finished glyph, a little smaller and off centre: real EMNIST's longer sides are 20 to 24."""
    scale = 1 - rng.uniform(0, settings.scale)
    dx, dy = rng.uniform(-settings.shift, settings.shift, 2)
    centre = (GLYPH_SIZE - 1) / 2
    matrix = np.array(
        [[scale, 0, centre * (1 - scale) + dx], [0, scale, centre * (1 - scale) + dy]],
        np.float32,
    )
    return cv2.warpAffine(glyph, matrix, (GLYPH_SIZE, GLYPH_SIZE))
