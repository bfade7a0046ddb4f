"""Lines of writing put together from single characters: what stands where is known to the pixel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE, Alphabet
from hcr_core.datasets import Dataset
from hcr_core.datasets.strokes import render
from hcr_core.line_context import expected_heights

#: How often words of each kind are written: small, Capitalised, capitals, digits.
_KINDS = (0.45, 0.2, 0.15, 0.2)
#: Ink of a character, of 255, that counts as its own.
_SOLID = 100

#: A label to one of its pictures: uint8 (h, w), 255 for ink; empty where there is none.
Writer = Callable[[str], np.ndarray]


@dataclass(frozen=True)
class ComposedLine:
    """A line and its truth.

    Attributes:
        text: What it says.
        image: uint8 (h, w), dark on white.
        owner: int16 (h, w): 1 + the character, spaces not counted, whose ink a pixel shows; 0 for none.
    """

    text: str
    image: np.ndarray
    owner: np.ndarray


def random_words(rng: np.random.Generator, count: int, labels: frozenset[str] | None = None) -> list[str]:
    """Words of one kind each, 2 to 8 characters, of the kind's ``labels`` or, where there are none, of any."""
    result = []
    for kind in rng.choice(4, count, p=_KINDS):
        pool = list((LOWERCASE, LOWERCASE, UPPERCASE, DIGITS)[kind])
        pool = pool if labels is None else [label for label in pool if label in labels] or sorted(labels)
        word = "".join(rng.choice(pool, rng.integers(2, 9)))
        capital = kind == 1 and (labels is None or word[0].upper() in labels)
        result.append(word[0].upper() + word[1:] if capital else word)
    return result


def glyph_writer(dataset: Dataset, rng: np.random.Generator) -> Writer:
    """Random glyphs of a data set whose images are white on black."""
    members = {label: np.flatnonzero(np.asarray(dataset.labels) == c) for c, label in enumerate(dataset.alphabet)}
    return lambda label: np.asarray(dataset.images[rng.choice(members[label])])


def pen_writers(dataset: Dataset, least: int, rng: np.random.Generator) -> Iterator[tuple[Writer, frozenset[str]]]:
    """Hands of a data set of pen strokes, in random order and without end: each writes with one pen.

    Args:
        dataset: One with ``strokes``.
        least: Labels that a writer must have.
        rng: Draws the hand, the pen and of several samples of a label one.

    Yields:
        The hand, and the labels it has.
    """
    strokes = dataset.strokes
    hands = [np.flatnonzero(strokes.writers == name) for name in np.unique(strokes.writers)]
    hands = [rows for rows in hands if len(np.unique(strokes.labels[rows])) >= least]
    while True:
        rows = hands[rng.integers(len(hands))]
        # In x-heights, from a fine liner to a felt pen.
        yield _pen_writer(strokes, rows, float(np.exp(rng.uniform(*np.log([0.06, 0.3])))), rng)


def _pen_writer(strokes, rows: np.ndarray, pen: float, rng: np.random.Generator) -> tuple[Writer, frozenset[str]]:
    members = {str(label): rows[strokes.labels[rows] == label] for label in np.unique(strokes.labels[rows])}
    heights = dict(zip(members, expected_heights(Alphabet(tuple(members))), strict=True))

    def write(label: str) -> np.ndarray:
        sample = strokes[int(rng.choice(members[label]))]
        extent = np.ptp(np.concatenate(sample), axis=0).max(initial=1)
        tall = float(np.ptp(np.concatenate(sample)[:, 1])) / extent
        # The character will be scaled by its height, the pen with it.
        x_heights = (heights[label][0] - heights[label][1]) / max(tall, 0.2)
        return render(sample, 1000 * pen / x_heights)

    return write, frozenset(members)


def compose(text: str, glyphs: list[np.ndarray], rng: np.random.Generator, *, touching: float = 0.2) -> ComposedLine:
    """Write ``text``: gaps vary from touching to a third of the height, the line is slanted and its baseline drifts.

    Args:
        text: Words of Latin letters and digits, a space between them.
        glyphs: uint8 (h, w), 255 for ink: one for each character that is no space.
        rng: Draws everything.
        touching: Of the neighbours in a line at most this share touch.
    """
    known = Alphabet(tuple(dict.fromkeys(text.replace(" ", ""))))
    heights = dict(zip(known, expected_heights(known), strict=True))
    x_height = float(rng.uniform(24, 44))
    slant, drift = rng.uniform(-0.1, 0.4), rng.uniform(-0.03, 0.03)
    tracking, touching = rng.uniform(0.05, 0.3), rng.uniform(0, touching)
    canvas = np.zeros((round(6 * x_height), round(len(text) * 2.6 * x_height) + 100), np.uint8)
    owner = np.zeros(canvas.shape, np.int16)
    base, x, position, edge = 3.4 * x_height, 2 * x_height, 0, None
    for letter in text:
        if letter == " ":
            x, edge = x + x_height * rng.uniform(0.9, 1.5), None
            continue
        height = _without_dot(heights[letter]) if letter in "ij" and _in_one(glyphs[position]) else heights[letter]
        part = _placed(glyphs[position], height, x_height, slant, rng)
        top = round(base + drift * x + rng.normal(0, 0.05) * x_height - height[0] * x_height)
        position += 1
        if edge is not None:
            x += _advance(canvas, part, top, round(x), rng.random() < touching, tracking * x_height, rng)
        left = max(0, round(x))
        area = canvas[top : top + part.shape[0], left : left + part.shape[1]]
        part = part[: area.shape[0], : area.shape[1]]
        owner[top : top + part.shape[0], left : left + part.shape[1]][(part >= _SOLID) & (part > area)] = position
        np.maximum(area, part, out=area)
        x = edge = left + part.shape[1]
    columns = np.flatnonzero(canvas.max(axis=0) > 60)
    margin = round(x_height)
    shown = slice(max(0, columns[0] - margin), columns[-1] + margin)
    return ComposedLine(text, 255 - canvas[:, shown], owner[:, shown])


def _in_one(glyph: np.ndarray) -> bool:
    """Whether a glyph is of one part: half of NIST's i and j were cut out without their dots."""
    return cv2.connectedComponents((glyph >= _SOLID).astype(np.uint8), connectivity=8)[0] == 2


def _without_dot(height: np.ndarray) -> np.ndarray:
    """Top and bottom of an i or j that lost its dot: as high as an x, since at the height of an l it would be one."""
    return np.array([1.0, height[1]])


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


def _advance(
    canvas: np.ndarray, part: np.ndarray, top: int, x: int, touch: bool, gap: float, rng: np.random.Generator
) -> float:
    """By how much ``part`` moves from where its box would touch the last one's, so that its ink is
    a gap away, or touches."""
    left = canvas[top : top + part.shape[0], :x] >= _SOLID
    distances = []
    for row in range(min(len(left), len(part))):
        last, first = np.flatnonzero(left[row, max(0, x - 150) :]), np.flatnonzero(part[row] >= _SOLID)
        if len(last) and len(first):
            distances.append(min(150, x) - 1 - last[-1] + first[0])
    clearance = min(distances) if distances else 0
    if touch:
        return -clearance + rng.uniform(-2, 0)
    return -min(clearance, 0.25 * part.shape[0]) + gap * rng.uniform(0.6, 1.6) + 2
