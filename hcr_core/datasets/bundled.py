"""Data sets that need no file: UCI's digits, which scikit-learn brings, and synthetic pen strokes."""

from collections.abc import Iterator

import cv2
import numpy as np

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE
from hcr_core.datasets.pen_alphabet import pen_strokes, style_count
from hcr_core.datasets.readers.block import Block
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.preprocessing import GLYPH_SIZE, INK_SIZE

#: Changes whenever the images made here would be different; the cache is then made anew.
VERSION = 1
#: Synthetic samples of each class in the data set of that name.
PER_CLASS = 100
#: How far a synthetic sample may be from its style: slant (shift per height), turn in degrees,
#: narrowing and widening, and how much the pen shakes, in hundredths of the character's height.
SLANT, TURN, STRETCH, WOBBLE = 0.35, 7.0, (0.75, 1.2), 2.2
_UNIT = 1000


def uci_digits() -> Iterator[Block]:
    """The 1,797 digits of scikit-learn (UCI's test part), 8 x 8 in 17 levels, enlarged to 28 x 28.

    They fill their 8 x 8 as EMNIST's characters fill 24 of 28 pixels, so they get that size.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    margin = (GLYPH_SIZE - INK_SIZE) // 2
    small = (digits.images * (255 / 16)).astype(np.float32)
    large = [cv2.resize(image, (INK_SIZE, INK_SIZE), interpolation=cv2.INTER_CUBIC) for image in small]
    inside = np.clip(np.round(large), 0, 255).astype(np.uint8)
    yield Block(np.pad(inside, ((0, 0), (margin, margin), (margin, margin))), digits.target.astype(str))


def synthetic_strokes(per_class: int, seed: int = 0) -> PenStrokes:
    """Pen strokes of all 62 characters written by code; no person wrote them.

    Args:
        per_class: Samples of each character, any number.
        seed: Sample ``i`` of a character depends on the seed and ``i`` alone, so a larger set
            begins with the smaller one.

    Returns:
        The samples, all characters in turn; ``writers`` are empty.
    """
    characters = DIGITS + UPPERCASE + LOWERCASE
    samples = [
        _in_a_style(label, np.random.default_rng([seed, number, i]))
        for i in range(per_class)
        for number, label in enumerate(characters)
    ]
    labels = np.array(list(characters) * per_class)
    return PenStrokes.from_samples(samples, labels, np.full(len(labels), ""))


def _in_a_style(label: str, rng: np.random.Generator) -> list[np.ndarray]:
    return written(pen_strokes(label, int(rng.integers(style_count(label)))), rng)


def written(strokes: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Strokes, each (n, 2), shaken, slanted and turned as by a hand, int16; the longer side is 1,000 units."""
    angle = np.deg2rad(rng.uniform(-TURN, TURN))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # Most people slant to the right, where y points down: x falls as y grows.
    slant = np.array([[rng.uniform(*STRETCH), -rng.normal(0.08, SLANT / 3)], [0, 1]])
    shaken = [_dense(stroke) + _wobble(len(_dense(stroke)), rng) for stroke in strokes]
    points = [stroke @ (turn @ slant).T for stroke in shaken]
    joined = np.concatenate(points)
    low, extent = joined.min(axis=0), max(float(np.ptp(joined, axis=0).max()), 1e-6)
    return [np.round((stroke - low) * (_UNIT / extent)).astype(np.int16) for stroke in points]


def _dense(stroke: np.ndarray, step: float = 4.0) -> np.ndarray:
    """The stroke with points about ``step`` apart, so that straight lines can bend."""
    lengths = np.hypot(*np.diff(stroke, axis=0).T)
    along = np.concatenate([[0], np.cumsum(lengths)])
    if along[-1] == 0:
        return stroke
    at = np.linspace(0, along[-1], max(2, int(along[-1] / step) + 1))
    # Corners are kept: they are what tells V from U.
    at = np.union1d(at, along)
    return np.column_stack([np.interp(at, along, stroke[:, axis]) for axis in (0, 1)])


def _wobble(count: int, rng: np.random.Generator) -> np.ndarray:
    """A slow, smooth displacement along a stroke, float (count, 2), and where it starts."""
    t = np.linspace(0, 1, count)[:, None]
    shake = sum(
        rng.normal(0, WOBBLE / wave, 2) * np.sin(2 * np.pi * (0.7 * wave * t + rng.uniform(0, 1, 2)))
        for wave in (1, 2, 3)
    )
    return shake + rng.normal(0, WOBBLE, 2)
