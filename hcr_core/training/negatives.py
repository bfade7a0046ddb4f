"""What is not a character: scribbles, drawings, paper and several letters in one box, made by code.

A model that only ever sees characters reads one in everything. These are shown to it with the
answer "none", and others, of kinds and seeds that it was not shown, say how well it learnt that.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from hcr_core.datasets import Dataset
from hcr_core.datasets.strokes import render
from hcr_core.preprocessing import GLYPH_SIZE, image_to_glyph, ink_to_glyph
from hcr_core.training.augmentation import stored_glyph
from hcr_core.training.photographs import paper

Strokes = list[np.ndarray]
#: Pens that drawings are made with, in thousandths of the drawing: finer than letters', because a
#: drawing has more strokes on the same sheet.
_WIDTHS = (12, 120)
#: Letters that are a single upright: two of them side by side are another letter's shape.
_UPRIGHT = set("1Iilj")
#: Pairs that people cannot tell from a single m, n, w, d or u either.
_MERGING = {"rn", "nn", "vv", "VV", "vV", "Vv", "cl", "c1", "cI", "ci", "rr", "uu", "ri", "rl", "ir"}


def _circle(x: float, y: float, radius: float, start: float = 0, end: float = 2 * np.pi) -> np.ndarray:
    at = np.linspace(start, end, 24)
    return np.stack([x + radius * np.cos(at), y + radius * np.sin(at)], axis=1)


def _line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, float)


def _curve(points: np.ndarray) -> np.ndarray:
    """A smooth line near the points, (n, 2): each is cut off at its corner, again and again (Chaikin)."""
    for _ in range(3):
        a, b = points[:-1], points[1:]
        points = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
    return points


def _scribble(rng: np.random.Generator) -> Strokes:
    count = int(rng.integers(60, 220))
    angle = np.cumsum(rng.normal(rng.uniform(-0.15, 0.15), rng.uniform(0.25, 0.8), count))
    path = np.cumsum(np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=0) * 0.12
    # Folded back into a box, as a hand stays on the sheet.
    return [1 - np.abs(path % 2 - 1) * (1, rng.uniform(0.5, 1))]


def _tangle(rng: np.random.Generator) -> Strokes:
    return [_curve(rng.random((int(rng.integers(9, 28)), 2)))]


def _zigzag(rng: np.random.Generator) -> Strokes:
    turns = int(rng.integers(7, 22))
    x = np.linspace(0, 1, turns) + rng.normal(0, 0.02, turns)
    y = np.where(np.arange(turns) % 2, 1, 0) * rng.uniform(0.3, 1.2) + rng.normal(0, 0.06, turns)
    path = np.stack([x, y], axis=1)
    return [_curve(path) if rng.random() < 0.5 else path]


def _wave(rng: np.random.Generator) -> Strokes:
    x = np.linspace(0, 1, 120)
    periods = rng.uniform(3.5, 8)
    return [np.stack([x, rng.uniform(0.05, 0.3) * np.sin(2 * np.pi * periods * x + rng.uniform(0, 6))], axis=1)]


def _spiral(rng: np.random.Generator) -> Strokes:
    turns = rng.uniform(2.5, 6)
    at = np.linspace(0.3, 1, 150) * turns * 2 * np.pi * rng.choice((-1, 1))
    path = np.stack([np.cos(at), np.sin(at)], axis=1) * np.abs(at)[:, None]
    return [path * (1, rng.uniform(0.6, 1))]


def _loops(rng: np.random.Generator) -> Strokes:
    at = np.linspace(0, rng.uniform(3.2, 7) * 2 * np.pi, 160)
    return [np.stack([np.cos(at) + at * rng.uniform(0.06, 0.25), np.sin(at)], axis=1)]


def _star(rng: np.random.Generator) -> Strokes:
    points = int(rng.choice((5, 5, 5, 6, 7, 8)))
    if rng.random() < 0.5 and points != 6:
        order = np.arange(points + 1) * (2 if points < 8 else 3)
        at = 2 * np.pi * order / points
        return [np.stack([np.sin(at), -np.cos(at)], axis=1)]
    at = np.pi * np.arange(2 * points + 1) / points
    radius = np.where(np.arange(2 * points + 1) % 2, rng.uniform(0.35, 0.55), 1)
    return [np.stack([np.sin(at), -np.cos(at)], axis=1) * radius[:, None]]


def _asterisk(rng: np.random.Generator) -> Strokes:
    at = np.pi * (np.arange(arms := int(rng.integers(3, 7))) / arms + rng.random())
    return [_line((-np.cos(a), -np.sin(a)), (np.cos(a), np.sin(a))) for a in at]


def _hatching(rng: np.random.Generator) -> Strokes:
    angle, count = rng.uniform(0, np.pi), int(rng.integers(4, 10))
    across, along = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    length = rng.uniform(0.5, 1)
    strokes = [
        np.stack([i / count * across - length * along / 2, i / count * across + length * along / 2])
        for i in range(count)
    ]
    return strokes + ([s @ np.array([[0, 1], [-1, 0]]) for s in strokes] if rng.random() < 0.3 else [])


def _rings(rng: np.random.Generator) -> Strokes:
    count = int(rng.integers(2, 5))
    shift = rng.uniform(0, 0.3)
    return [_circle(shift * i, 0, (i + 1) / count) for i in range(count)]


def _heart(rng: np.random.Generator) -> Strokes:
    at = np.linspace(0, 2 * np.pi, 50)
    x, y = 16 * np.sin(at) ** 3, -(13 * np.cos(at) - 5 * np.cos(2 * at) - 2 * np.cos(3 * at) - np.cos(4 * at))
    return [np.stack([x * rng.uniform(0.8, 1.2), y], axis=1)]


def _crossed_box(rng: np.random.Generator) -> Strokes:
    h = rng.uniform(0.5, 1)
    box = _line((0, 0), (1, 0), (1, h), (0, h), (0, 0))
    inside = [
        [_line((0, 0), (1, h)), _line((1, 0), (0, h))],
        [_line((0, 0), (0.5, h / 2), (1, 0))],
        [_line((0, h / 2), (1, h / 2)), _line((0.5, 0), (0.5, h))],
    ]
    return [box, *inside[rng.integers(3)]]


def _flower(rng: np.random.Generator) -> Strokes:
    petals = int(rng.integers(4, 9))
    at = 2 * np.pi * np.arange(petals) / petals
    strokes = [_circle(0, 0, 0.3), *(_circle(0.6 * np.cos(a), 0.6 * np.sin(a), 0.3) for a in at)]
    return strokes + ([_line((0, 0.9), (0.1, 2.2))] if rng.random() < 0.5 else [])


def _stick_figure(rng: np.random.Generator) -> Strokes:
    arms = rng.uniform(-0.4, 0.3)
    return [
        _circle(0, 0, 0.35),
        _line((0, 0.35), (0, 1.3)),
        _line((-0.5, 0.7 + arms), (0, 0.6), (0.5, 0.7 + arms)),
        _line((-0.4, 2), (0, 1.3), (0.4, 2)),
    ]


def _fish(rng: np.random.Generator) -> Strokes:
    at = np.linspace(0.5, 2 * np.pi - 0.5, 40)
    body = np.stack([-np.cos(at), rng.uniform(0.35, 0.6) * np.sin(at)], axis=1)
    tail = _line(body[0], (1.6, 0.5), (1.6, -0.5), body[-1])
    return [body, tail, _circle(-0.5, -0.1, 0.06)] if rng.random() < 0.5 else [body * (-1, 1), tail * (-1, 1)]


def _dots(rng: np.random.Generator) -> Strokes:
    return [_line(tuple(p), tuple(p + rng.normal(0, 0.02, 2))) for p in rng.random((int(rng.integers(3, 14)), 2))]


def _house(rng: np.random.Generator) -> Strokes:
    h, roof = rng.uniform(0.6, 1.1), rng.uniform(0.3, 0.8)
    door = _line((0.4, h), (0.4, h * 0.55), (0.62, h * 0.55), (0.62, h))
    return [_line((0, 0), (0, h), (1, h), (1, 0), (0, 0)), _line((-0.1, 0), (0.5, -roof), (1.1, 0)), door]


def _face(rng: np.random.Generator) -> Strokes:
    turn = rng.uniform(0.2, 0.6)
    mouth = _circle(0, 0.1 if rng.random() < 0.7 else 0.9, 0.5, *((turn, np.pi - turn)))
    return [_circle(0, 0, 1), _circle(-0.35, -0.3, 0.08), _circle(0.35, -0.3, 0.08), mouth]


def _grid(rng: np.random.Generator) -> Strokes:
    count = int(rng.integers(2, 5))
    places = (np.arange(count) + 1) / (count + 1)
    return [_line((x, 0), (x + rng.normal(0, 0.03), 1)) for x in places] + [
        _line((0, y), (1, y + rng.normal(0, 0.03))) for y in places
    ]


def _tree(rng: np.random.Generator) -> Strokes:
    if rng.random() < 0.5:
        crown = [
            _line((0.5 - w, y), (0.5, y - 0.4), (0.5 + w, y), (0.5 - w, y))
            for w, y in ((0.25, 0.4), (0.4, 0.75), (0.55, 1.1))
        ]
        return [*crown, _line((0.45, 1.1), (0.45, 1.4), (0.55, 1.4), (0.55, 1.1))]
    at = np.linspace(0, 2 * np.pi, 60)
    radius = 0.6 + 0.1 * np.sin(int(rng.integers(6, 10)) * at)
    cloud = np.stack([0.5 + radius * np.cos(at), 0.3 + radius * np.sin(at)], axis=1)
    return [cloud, _line((0.42, 0.9), (0.4, 1.7)), _line((0.58, 0.9), (0.6, 1.7))]


def _car(rng: np.random.Generator) -> Strokes:
    body = _line((0, 0.4), (0.3, 0.35), (0.5, 0), (1.2, 0), (1.45, 0.38), (1.8, 0.42), (1.8, 0.75), (0, 0.75), (0, 0.4))
    return [body, _circle(0.4, 0.78, 0.17), _circle(1.4, 0.78, 0.17)]


def _sun(rng: np.random.Generator) -> Strokes:
    rays = 2 * np.pi * np.arange(count := int(rng.integers(6, 13))) / count
    return [_circle(0, 0, 0.5), *(_line((0.65 * np.cos(a), 0.65 * np.sin(a)), (np.cos(a), np.sin(a))) for a in rays)]


#: Drawings that a model is shown while it trains, and others to judge it by.
DRAWINGS: tuple[Callable[[np.random.Generator], Strokes], ...] = (
    *(_scribble, _tangle, _zigzag, _wave, _spiral, _loops, _star, _asterisk, _hatching, _rings, _heart),
    *(_crossed_box, _flower, _stick_figure, _fish, _dots),
)
#: The kinds of ``unseen_glyph``.
UNSEEN_KINDS = ("scribble", "drawing", "paper", "letters")
_SCRIBBLES = (_scribble, _tangle, _zigzag)
UNSEEN_DRAWINGS: tuple[Callable[[np.random.Generator], Strokes], ...] = (_house, _face, _grid, _tree, _car, _sun)


def drawn_glyph(draw: Callable[[np.random.Generator], Strokes], rng: np.random.Generator) -> np.ndarray:
    """A drawing as a hand would make it, crooked, with any pen, as the app's glyph; uint8 (28, 28)."""
    angle, stretch = rng.normal(0, 0.15), rng.uniform(-0.2, 0.2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    strokes = [_wobbled(path, rng) for path in draw(rng)]
    width = np.exp(rng.uniform(*np.log(_WIDTHS)))
    return ink_to_glyph(render(strokes, width, (turn @ np.diag([1 + stretch, 1])).astype(np.float32)))


def _wobbled(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stroke with its points a little off, as no hand draws a circle."""
    extent = max(float(np.ptp(path, axis=0).max()), 1e-6)
    at = np.linspace(0, 1, len(path))[:, None]
    wave = np.sin(2 * np.pi * (at * rng.uniform(0.5, 3, 2) + rng.random(2)))
    return path + extent * (rng.uniform(0, 0.06) * wave + rng.normal(0, 0.008, path.shape))


def texture_glyph(rng: np.random.Generator, *, seen: bool = True) -> np.ndarray:
    """What the photo path makes of paper without writing but with folds, stains or a pattern.

    ``seen``: of the kinds shown in training, else cloth, wood and print-through. Sheets on which
    the photo path rightly finds nothing are drawn again; uint8 (28, 28).
    """
    while True:
        shape = tuple(int(side) for side in rng.integers(30, 130, 2))
        sheet = paper(shape, rng).astype(np.float32)
        pattern = (
            (_stains, _folds, _grain)[rng.integers(3)] if seen else (_cloth, _wood, _print_through)[rng.integers(3)]
        )
        glyph = image_to_glyph(np.clip(sheet * (1 - pattern(shape, rng)), 0, 255).astype(np.uint8))
        if glyph is not None:
            return glyph


def _noise(shape: tuple[int, int], cells: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise 0-1 with about ``cells`` bumps along the longer side."""
    step = max(shape) / cells
    coarse = rng.random((int(shape[0] / step) + 2, int(shape[1] / step) + 2)).astype(np.float32)
    return np.clip(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _stains(shape, rng):
    return rng.uniform(0.2, 0.7) * np.clip(_noise(shape, rng.uniform(2, 8), rng) - rng.uniform(0.55, 0.8), 0, 0.3) / 0.3


def _folds(shape, rng):
    dark = np.zeros(shape, np.float32)
    for _ in range(rng.integers(3, 7)):
        ends = (rng.uniform(-0.2, 1.2, (2, 2)) * shape[::-1]).astype(int)
        cv2.line(
            dark,
            tuple(map(int, ends[0])),
            tuple(map(int, ends[1])),
            float(rng.uniform(0.2, 0.6)),
            int(rng.integers(1, 4)),
        )
    return cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.5, 2))


def _grain(shape, rng):
    return rng.uniform(0.2, 0.7) * (_noise(shape, rng.uniform(12, 40), rng) > rng.uniform(0.7, 0.95))


def _cloth(shape, rng):
    y, x = np.mgrid[: shape[0], : shape[1]]
    period = rng.uniform(5, 16)
    return (0.25 * (np.sin(2 * np.pi * x / period) + np.sin(2 * np.pi * y / period * rng.uniform(0.7, 1.4)))).clip(0, 1)


def _wood(shape, rng):
    y = np.mgrid[: shape[0], : shape[1]][0] / shape[0]
    return 0.4 * (np.sin(2 * np.pi * (y * rng.uniform(4, 9) + 2 * _noise(shape, 3, rng))) > 0.5)


def _print_through(shape, rng):
    rows = np.sin(2 * np.pi * np.mgrid[: shape[0], : shape[1]][0] / rng.uniform(8, 20)) > 0
    return 0.35 * rows * (_noise(shape, rng.uniform(15, 30), rng) > 0.5)


def letters_glyph(dataset: Dataset, rng: np.random.Generator, count: int) -> np.ndarray:
    """``count`` characters of a data set side by side, as where a word was not cut; uint8 (28, 28)."""
    while True:
        chosen = rng.integers(0, len(dataset), count)
        text = "".join(dataset.alphabet[dataset.labels[i]] for i in chosen)
        if not set(text) <= _UPRIGHT and text not in _MERGING:
            break
    gap = rng.uniform(0.04, 0.35)
    if dataset.strokes is None:
        return ink_to_glyph(_glyphs_in_a_row([stored_glyph(dataset, int(i)) for i in chosen], gap, rng))
    strokes = _strokes_in_a_row([dataset.strokes[int(i)] for i in chosen], gap, rng)
    return ink_to_glyph(render(strokes, np.exp(rng.uniform(*np.log((15, 90))))))


def _strokes_in_a_row(letters: Sequence[Strokes], gap: float, rng: np.random.Generator) -> Strokes:
    row, x = [], 0.0
    for strokes in letters:
        joined = np.concatenate(strokes).astype(float)
        low, high = joined.min(axis=0), joined.max(axis=0)
        scale = rng.uniform(0.65, 1) / max(float((high - low).max()), 1)
        # On one line by their feet, some hanging below it.
        place = np.array([x, -scale * (high[1] - low[1]) + rng.normal(0, 0.06)])
        row += [(stroke - low) * scale + place for stroke in strokes]
        x += scale * (high[0] - low[0]) + gap
    return row


def _glyphs_in_a_row(glyphs: Sequence[np.ndarray], gap: float, rng: np.random.Generator) -> np.ndarray:
    pieces = []
    for glyph in glyphs:
        x, y, w, h = cv2.boundingRect((glyph >= 100).astype(np.uint8))
        side = int(rng.integers(70, 100))
        size = (max(2, round(w * side / max(w, h))), max(2, round(h * side / max(w, h))))
        piece = cv2.resize(glyph[y : y + h, x : x + w], size, interpolation=cv2.INTER_CUBIC)
        foot = int(rng.integers(0, 12))
        pieces.append(np.pad(piece, ((110 - size[1] - foot, foot), (0, int(gap * 90)))))
    return np.concatenate(pieces, axis=1)


def training_glyph(datasets: Sequence[Dataset], rng: np.random.Generator) -> np.ndarray:
    """A random negative of the kinds meant for training, uint8 (28, 28)."""
    kind = rng.random()
    if kind < 0.01:
        return np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    if kind < 0.4:
        return letters_glyph(datasets[rng.integers(len(datasets))], rng, int(rng.choice((2, 2, 3))))
    if kind < 0.5:
        return texture_glyph(rng)
    return drawn_glyph(DRAWINGS[rng.integers(len(DRAWINGS))], rng)


def unseen_glyph(kind: str, datasets: Sequence[Dataset], rng: np.random.Generator) -> np.ndarray:
    """A random negative to judge a model by, uint8 (28, 28).

    ``kind``: ``"drawing"`` or ``"paper"``, of kinds that ``training_glyph`` has not, ``"scribble"``
    or ``"letters"`` of the same kinds, for other seeds and other people's letters.
    """
    if kind == "drawing":
        return drawn_glyph(UNSEEN_DRAWINGS[rng.integers(len(UNSEEN_DRAWINGS))], rng)
    if kind == "paper":
        return texture_glyph(rng, seen=False)
    if kind == "scribble":
        return drawn_glyph(_SCRIBBLES[rng.integers(len(_SCRIBBLES))], rng)
    if kind == "letters":
        return letters_glyph(datasets[rng.integers(len(datasets))], rng, int(rng.choice((2, 3))))
    raise ValueError(f"unknown kind {kind!r}: choose one of {', '.join(UNSEEN_KINDS)}")
