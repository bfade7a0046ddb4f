"""A page to its reading: ink, skew, rules, lines, pieces, and the best path through them.

``read_page`` gives plain arrays and numbers; ``recognition`` makes a ``Reading`` of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from hcr_core import deskew
from hcr_core.alphabet import Alphabet
from hcr_core.layout import InkLine, find_lines, single_line, typical_height
from hcr_core.page_ink import find_ink
from hcr_core.preprocessing import Box
from hcr_core.ruling import remove_rules
from hcr_core.segmentation import Groups, Pieces, cut_line, group, group_glyphs
from hcr_core.word_reading import Lattice, ReadWord, Weights, lattice_of, read_line

#: Height of a typical component that lines are read at: twice a glyph's, enough for smooth edges.
WORK_HEIGHT = 56.0
#: A page is turned by half a turn if its longest lines read that much better so (nats; the right way is
#: 10 to 40 better), which is not
#: tried with fewer characters; and on how many lines.
_TURN_GAIN, _TURN_LEAST, _TURN_LINES = 8.0, 12, 2
#: Least width in heights of what is a line of its own where one line was expected: three letters.
_LINE_WIDTH = 2.5

Classify = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class FoundCharacter:
    """A character of a page: log-scores of the classes in its context, what was seen, and where."""

    scores: np.ndarray
    label: int
    glyph: np.ndarray
    box: Box


@dataclass(frozen=True)
class FoundWord:
    """Characters from left to right; ``joined`` where the word looks written in one stroke."""

    characters: tuple[FoundCharacter, ...]
    joined: bool


@dataclass
class Steps:
    """What can be looked at afterwards, each uint8, by name; empty unless asked for."""

    wanted: bool = False
    images: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, name: str, image: np.ndarray) -> None:
        if self.wanted:
            self.images[name] = image


@dataclass(frozen=True)
class _Model:
    """Who reads: the network, its classes, those allowed, and how paths are weighed."""

    classify: Classify
    alphabet: Alphabet
    allowed: np.ndarray
    weights: Weights


@dataclass(frozen=True)
class _Line:
    """A line on the way: its place, its pieces and what may be characters."""

    line: InkLine
    pieces: Pieces
    groups: Groups
    glyphs: np.ndarray
    boxes: list[Box]


def read_page(
    image: np.ndarray,
    classify: Classify,
    alphabet: Alphabet,
    allowed: np.ndarray,
    *,
    layout: str = "page",
    weights: Weights | None = None,
    steps: Steps | None = None,
) -> list[list[FoundWord]]:
    """Read all lines of an image.

    Args:
        image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.
        classify: Glyphs uint8 (n, 28, 28) to probabilities float (n, classes).
        alphabet: The classes.
        allowed: bool (classes,): those to choose from.
        layout: ``"page"``; ``"line"``: all ink is one line (unless it plainly is several), upright;
            or ``"word"``: one word.
        steps: Filled with ``original``, ``background``, ``ink``, ``rules`` and ``lines``.

    Returns:
        The words of every line, from top to bottom; boxes are in pixels of ``image``.
    """
    steps = steps or Steps()
    model = _Model(classify, alphabet, allowed, weights or Weights())
    ink, to_image = _upright_ink(image, model, layout, steps)
    height = typical_height(ink)
    if not height:
        return []
    lines = single_line(ink) if layout == "word" else _lines(ink, height, layout)
    steps.add("lines", _coloured(ink, lines))
    read = _read_lines([_prepared(line, height) for line in lines], model, one_word=layout == "word")
    found = [[_found(word, line, to_image) for word in words if word.groups] for line, _, words in read]
    return [words for words in found if words]


def _lines(ink: np.ndarray, height: float, layout: str) -> list[InkLine]:
    """The lines of a page; all ink as one where that is said, unless it plainly is several."""
    lines = find_lines(ink, height)
    full = [line for line in lines if line.box.height > 0.6 * height and line.box.width > _LINE_WIDTH * height]
    return single_line(ink) if layout == "line" and len(full) < 2 else lines


def _upright_ink(image: np.ndarray, model: _Model, layout: str, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
    """The ink, turned upright and without rules, and the float (2, 3) that maps it to the image."""
    page = find_ink(image)
    steps.add("original", page.original)
    steps.add("background", page.background)
    ink, to_image = page.ink, np.float64([[1 / page.scale, 0, 0], [0, 1 / page.scale, 0]])
    if layout == "page" and deskew.is_sideways(ink):
        # A quarter turn clockwise; if it was the other way, the half turn below follows.
        to_image = _after(to_image, np.float64([[0, 1, 0], [-1, 0, ink.shape[0] - 1]]))
        ink = cv2.rotate(ink, cv2.ROTATE_90_CLOCKWISE)
    degrees = deskew.skew(ink) if layout != "word" else 0.0
    if degrees:
        matrix = deskew.rotation(ink.shape, degrees)
        to_image = _after(to_image, cv2.invertAffineTransform(matrix))
        ink = deskew.rotated(ink, degrees)
    ink, rules = remove_rules(ink)
    if layout == "page" and _is_upside_down(ink, model):
        to_image = _after(to_image, np.float64([[-1, 0, ink.shape[1] - 1], [0, -1, ink.shape[0] - 1]]))
        ink, rules = cv2.rotate(ink, cv2.ROTATE_180), cv2.rotate(rules, cv2.ROTATE_180)
    steps.add("ink", 255 - ink)
    steps.add("rules", 255 - rules)
    return ink, to_image


def _after(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The affine map that applies ``inner``, then ``outer``; float (2, 3) each."""
    return outer @ np.vstack([inner, [0, 0, 1]])


def _is_upside_down(ink: np.ndarray, model: _Model) -> bool:
    """Whether the page's longest lines read clearly better turned by half a turn.

    Shapes alone do not tell (u and n, d and p, 6 and 9): the paths' scores hold also where in the
    line characters stand.
    """
    height = typical_height(ink)
    if not height or deskew.character_count(ink) < _TURN_LEAST:
        return False
    upright = _score(ink, height, model)
    turned = _score(cv2.rotate(ink, cv2.ROTATE_180), height, model)
    return turned - upright > _TURN_GAIN


def _score(ink: np.ndarray, height: float, model: _Model) -> float:
    """Log-score of reading the longest lines of a page."""
    lines = sorted(find_lines(ink, height), key=lambda line: -line.box.width)[:_TURN_LINES]
    read = _read_lines([_prepared(line, height) for line in lines], model, one_word=False)
    return sum(word.score for _, _, words in read for word in words)


def _read_lines(prepared: list[_Line], model: _Model, *, one_word: bool) -> list[tuple[_Line, Lattice, list[ReadWord]]]:
    """The words of lines; all their groups go through the network at once, which is faster in batches."""
    prepared = [line for line in prepared if len(line.pieces)]
    if not prepared:
        return []
    probabilities = model.classify(np.concatenate([line.glyphs for line in prepared]))
    ends = np.cumsum([len(line.glyphs) for line in prepared])
    result = []
    for line, part in zip(prepared, np.split(probabilities, ends[:-1]), strict=True):
        lattice = lattice_of(line.pieces, line.groups, line.glyphs, part, model.alphabet, model.allowed)
        result.append((line, lattice, read_line(lattice, model.weights, one_word=one_word)))
    return result


def _prepared(line: InkLine, page_height: float) -> _Line:
    """Cut a line up; large writing is scaled down first, which costs nothing but time."""
    height = typical_height(line.ink) or page_height
    # A line of two letters says less of its height than the page.
    height = float(np.clip(height, 0.6 * page_height, 1.7 * page_height))
    scale = min(1.0, WORK_HEIGHT / height)
    ink = line.ink
    if scale < 0.8:
        size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    else:
        scale = 1.0
    pieces = cut_line(ink, height * scale)
    groups = group(pieces)
    glyphs, boxes = group_glyphs(pieces, groups)
    return _Line(replace(line, ink=ink), pieces, groups, glyphs, boxes)


def _found(word: ReadWord, line: _Line, to_image: np.ndarray) -> FoundWord:
    x_scale, y_scale = line.line.box.width / line.line.ink.shape[1], line.line.box.height / line.line.ink.shape[0]
    characters = []
    for g, label, scores in zip(word.groups, word.classes, word.scores, strict=True):
        box = line.boxes[g]
        corners = np.float64(
            [
                [line.line.box.x + x * x_scale, line.line.box.y + y * y_scale]
                for x in (box.x, box.x + box.width)
                for y in (box.y, box.y + box.height)
            ]
        )
        at = corners @ to_image[:, :2].T + to_image[:, 2]
        low, high = np.floor(at.min(axis=0)).astype(int), np.ceil(at.max(axis=0)).astype(int)
        place = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
        characters.append(FoundCharacter(scores, label, line.glyphs[g], place))
    return FoundWord(tuple(characters), word.joined)


#: Colours that neighbouring lines are told apart by, RGB.
_COLOURS = ((200, 0, 0), (0, 130, 0), (0, 0, 220), (170, 0, 170), (0, 140, 140))


def _coloured(ink: np.ndarray, lines: list[InkLine]) -> np.ndarray:
    """Every line in a colour of its own, uint8 (h, w, 3) RGB."""
    picture = np.full((*ink.shape, 3), 255, np.uint8)
    for i, line in enumerate(lines):
        box = line.box
        part = picture[box.y : box.y + box.height, box.x : box.x + box.width]
        part[line.ink >= 128] = _COLOURS[i % len(_COLOURS)]
    return picture
