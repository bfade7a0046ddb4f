"""The same character as another hand, pen or sheet would show it, always through ``ink_to_glyph``."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_core.datasets import Dataset
from hcr_core.datasets.strokes import render
from hcr_core.preprocessing import GLYPH_SIZE, ink_to_glyph

#: Glyphs are transformed at three times their size, so that edges stay sharp.
_ENLARGED = 3


@dataclass(frozen=True)
class Augmentation:
    """How far a sample may be changed.

    Attributes:
        rotation: Largest turn either way, in degrees.
        shear: Largest slant either way, as horizontal shift per height.
        stretch: Largest change of the aspect, as a share.
        warp: Largest amplitude of the smooth distortion, as a share of the character.
        loosen: Standard deviation of a stroke's shift against the others, as a share of the character.
        scale: Largest reduction of the finished glyph, as a share.
        shift: Largest displacement of the finished glyph, in pixels.
        centred: Share of glyphs that are not displaced: as ``ink_to_glyph`` makes them, so the app shows them.
        widths: Thinnest and widest pen in thousandths of the character (drawn log-uniformly).
        untouched: Share of glyph samples that stay exactly as they are.
        damage: Share of samples whose ink is broken, speckled, uneven or has a line beside it.
    """

    rotation: float = 22
    shear: float = 0.25
    stretch: float = 0.18
    warp: float = 0.05
    loosen: float = 0.03
    scale: float = 0.15
    shift: float = 1.5
    centred: float = 0.5
    widths: tuple[float, float] = (18, 220)
    untouched: float = 0.25
    damage: float = 0.15

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
    "light": Augmentation(
        rotation=7,
        shear=0.1,
        stretch=0.08,
        warp=0.02,
        loosen=0.01,
        scale=0.08,
        shift=1,
        widths=(50, 140),
        untouched=0.5,
        damage=0,
    ),
    "full": Augmentation(),
}


def random_glyph(dataset: Dataset, position: int, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A random variation of a data set's sample, uint8 (28, 28)."""
    if not _pen_strokes(dataset, position) and rng.random() < settings.untouched:
        return stored_glyph(dataset, position)
    return displaced(ink_to_glyph(random_ink(dataset, position, rng, settings)), rng, settings)


def random_ink(dataset: Dataset, position: int, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A random variation of a data set's sample as ink, uint8 (h, w) with 255 for ink."""
    strokes = _pen_strokes(dataset, position)
    if strokes:
        width = np.exp(rng.uniform(*np.log(settings.widths)))
        ink = render(varied_strokes(strokes, rng, settings), width, settings.transform(rng))
    else:
        ink = _redrawn(stored_glyph(dataset, position), rng, settings)
    return damaged(ink, rng) if rng.random() < settings.damage else ink


def _pen_strokes(dataset: Dataset, position: int) -> list[np.ndarray]:
    """The strokes of a sample; none where it is known by its image alone."""
    return dataset.strokes[position] if dataset.strokes is not None else []


def scanned_glyph(dataset: Dataset, position: int, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A variation that keeps the look of the scan it comes from: half the turn, slant and stretch, and
    resampled at once instead of being drawn anew; uint8 (28, 28)."""
    glyph = stored_glyph(dataset, position)
    if rng.random() < settings.untouched:
        return glyph
    scale = rng.uniform(1 - settings.scale, 1.05)
    matrix = np.zeros((2, 3))
    matrix[:, :2] = scale * (np.eye(2) + settings.transform(rng)) / 2
    matrix[:, 2] = _kept_centre(matrix) + rng.uniform(-settings.shift, settings.shift, 2)
    return cv2.warpAffine(np.ascontiguousarray(glyph), matrix, (GLYPH_SIZE, GLYPH_SIZE), flags=cv2.INTER_CUBIC)


def stored_glyph(dataset: Dataset, position: int) -> np.ndarray:
    """The glyph of a sample as it is, uint8 (28, 28)."""
    image = np.asarray(dataset.images[position])
    return image if image.shape == (GLYPH_SIZE, GLYPH_SIZE) else ink_to_glyph(image)


def varied_strokes(strokes: Sequence[np.ndarray], rng: np.random.Generator, settings: Augmentation) -> list[np.ndarray]:
    """Pen strokes (n, 2) as another tablet and another hand would give them, float32 (n, 2) each."""
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    extent = float(max(np.ptp(np.concatenate(strokes), axis=0).max(), 1))
    # Now 0 to 1 along the longer side.
    paths = [(stroke.astype(np.float32) - low) / extent for stroke in strokes]
    tablet = rng.random()
    if tablet < 0.35:  # some tablets give steps instead of slopes: these are taken away ...
        paths = [_smoothed(path) for path in paths]
    elif tablet < 0.5:  # ... or made
        grid = rng.uniform(0.015, 0.06)
        paths = [np.round(path / grid) * grid for path in paths]
    if len(paths) > 1:
        paths = [path + rng.normal(0, settings.loosen, 2) for path in paths]
    warp = _warp(rng, settings)
    return [(path + warp(path[:, 0], path[:, 1])).astype(np.float32) for path in paths]


def _smoothed(path: np.ndarray, spacing: float = 0.025) -> np.ndarray:
    """A stroke resampled at equal distances and averaged over five of its points."""
    lengths = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0], np.cumsum(lengths)])
    count = int(along[-1] / spacing)
    if count < 5:
        return path
    at = np.linspace(0, along[-1], count)
    even = np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)
    padded = np.concatenate([even[:1], even[:1], even, even[-1:], even[-1:]])
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), padded]), axis=0)
    return (sums[5:] - sums[:-5]) / 5


def _warp(rng: np.random.Generator, settings: Augmentation):
    """A smooth random displacement of points 0-1: each coordinate moves by a wave of either one."""
    amplitude = rng.uniform(-settings.warp, settings.warp, 4)
    frequency, phase = rng.uniform(2, 7, 4), rng.uniform(0, 2 * np.pi, 4)

    def displacement(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        wave = [amplitude[i] * np.sin(frequency[i] * (x, y, x, y)[i] + phase[i]) for i in range(4)]
        return np.stack([wave[0] + wave[1], wave[2] + wave[3]], axis=-1)

    return displacement


def _redrawn(glyph: np.ndarray, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A glyph, enlarged, turned, slanted and warped, with a thinner or wider stroke."""
    side = GLYPH_SIZE * _ENLARGED * 4 // 3
    matrix = np.linalg.inv(settings.transform(rng)) / _ENLARGED
    axis = np.arange(side, dtype=np.float32) - (side - 1) / 2
    # The waves of a column and of a row, so that no sine is computed twice.
    column = _warp(rng, settings)(axis / (24 * _ENLARGED), np.zeros_like(axis)) * 24
    row = _warp(rng, settings)(np.zeros_like(axis), axis / (24 * _ENLARGED)) * 24
    centre = (GLYPH_SIZE - 1) / 2
    x = (matrix[0, 0] * axis + column[:, 0])[None] + (matrix[0, 1] * axis + row[:, 0] + centre)[:, None]
    y = (matrix[1, 0] * axis + column[:, 1])[None] + (matrix[1, 1] * axis + row[:, 1] + centre)[:, None]
    ink = cv2.remap(np.ascontiguousarray(glyph), x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)
    # Undo part of the blur that the glyph already has: ``ink_to_glyph`` adds it again.
    ink = cv2.convertScaleAbs(ink.astype(np.float32).clip(64, 192) - 64, alpha=255 / 128)
    change = int(rng.integers(-2, 5))
    if change:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(change) + 1, abs(change) + 1))
        changed = cv2.dilate(ink, kernel) if change > 0 else cv2.erode(ink, kernel)
        # A pen thinner than the stroke would leave holes in it.
        if cv2.countNonZero(changed) > 0.6 * cv2.countNonZero(ink):
            ink = changed
    return ink


def damaged(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink, uint8 (h, w), as a dry pen, a coarse sheet or a careless crop leaves it."""
    x, y, w, h = cv2.boundingRect((ink >= 128).astype(np.uint8))
    if w == 0:
        return ink
    ink = ink[y : y + h, x : x + w].copy()
    kind = rng.integers(4)
    if kind == 0:
        return _broken(ink, rng)
    if kind == 1:
        return _speckled(ink, rng)
    if kind == 2:
        return _uneven(ink, rng)
    return _beside_a_line(ink, rng)


def _broken(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One to three narrow gaps right across."""
    h, w = ink.shape
    for _ in range(rng.integers(1, 4)):
        ends = (rng.uniform(0, 1, (2, 2)) * (w, h)).astype(int)
        direction = ends[1] - ends[0]
        start, end = (tuple(int(v) for v in ends[0] + k * direction) for k in (-2, 2))
        cv2.line(ink, start, end, 0, max(1, round(max(h, w) * rng.uniform(0.01, 0.04))))
    return ink


def _speckled(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Holes in the ink, and some grains beside it."""
    h, w = ink.shape
    grain = max(1, round(max(h, w) * rng.uniform(0.015, 0.05)))
    noise = rng.random((h // grain + 1, w // grain + 1), np.float32)
    noise = cv2.resize(noise, (w, h), interpolation=cv2.INTER_LINEAR)
    ink[noise < rng.uniform(0.1, 0.35)] = 0
    ink[noise > rng.uniform(0.93, 1.0)] = 255
    return ink


def _uneven(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stroke that is thicker here and thinner there, with a rough edge."""
    h, w = ink.shape
    margin = max(h, w) // 12 + 1
    ink = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    noise = sum(
        amount * cv2.resize(rng.random((n, n), np.float32) - 0.5, ink.shape[::-1], interpolation=cv2.INTER_LINEAR)
        for n, amount in ((4, 150), (24, 130))
    )
    soft = cv2.GaussianBlur(ink, (0, 0), max(h, w) * rng.uniform(0.012, 0.03))
    return np.where(soft + noise > 110, 255, 0).astype(np.uint8)


def _beside_a_line(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A rule or the paper's edge under, over or beside the character, at a distance or touching."""
    longer = max(ink.shape)
    gap, width = round(longer * rng.uniform(-0.03, 0.2)), max(1, round(longer * rng.uniform(0.01, 0.06)))
    turns = rng.choice(4, p=(0.55, 0.15, 0.15, 0.15))  # mostly under it
    ink = np.rot90(ink, turns)
    side = longer // 10
    ink = np.pad(ink, ((0, max(gap, 0) + width), (side, side)))
    start, end = np.sort(rng.uniform(0, 1, 2)) if rng.random() < 0.3 else (0, 1)
    first, last = int(start * ink.shape[1]), int(end * ink.shape[1]) + 1
    top = min(ink.shape[0] - width, ink.shape[0] - width + min(gap, 0))
    ink[top : top + width, first:last] = 255
    return np.ascontiguousarray(np.rot90(ink, -turns))


def displaced(glyph: np.ndarray, rng: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """A finished glyph, mostly a little smaller and off centre: real EMNIST's longer sides are 20 to 24."""
    # Were all of them resampled here, sharp ones would stand for scans, whose classes have other frequencies.
    if rng.random() < settings.centred:
        return glyph
    matrix = np.zeros((2, 3))
    matrix[0, 0] = matrix[1, 1] = 1 - rng.uniform(0, settings.scale)
    matrix[:, 2] = _kept_centre(matrix) + rng.uniform(-settings.shift, settings.shift, 2)
    return cv2.warpAffine(glyph, matrix, (GLYPH_SIZE, GLYPH_SIZE))


def _kept_centre(matrix: np.ndarray) -> np.ndarray:
    """The translation with which ``matrix`` leaves a glyph's centre where it is, float (2,)."""
    centre = np.full(2, (GLYPH_SIZE - 1) / 2)
    return centre - matrix[:, :2] @ centre
