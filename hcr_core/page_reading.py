"""A page to its reading: ink, skew, rules, lines, pieces, and the best path through them.

``read_page`` gives plain arrays and numbers; ``recognition`` makes a ``Reading`` of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

import cv2
import numpy as np

from hcr_core import deskew
from hcr_core.alphabet import Alphabet
from hcr_core.lattice import Weights
from hcr_core.layout import single_line
from hcr_core.line_reading import (
    CutLine,
    Judge,
    Model,
    ReadLine,
    UncutLine,
    begin_reading,
    lattices,
    read_lines,
    uncut_lines,
)
from hcr_core.page_ink import find_ink
from hcr_core.preprocessing import Box
from hcr_core.ruling import remove_rules, remove_underline
from hcr_core.segmentation import all_as_one, cut_line, group_glyphs
from hcr_core.word_list import WordList
from hcr_core.word_reading import ReadWord

#: A page is turned by half a turn if its longest lines are that much more legible so (nats; of 47 pages of four
#: held-back words all are more legible upright), which is not tried with fewer characters; and on how many lines.
_HALF_GAIN, _HALF_LEAST, _HALF_LINES = 4.0, 12, 2
#: Lines that are cut before that is known: as many as the networks take to tell.
_AHEAD = 4
#: By a quarter if all of it is (of 46 words, pages and photos one is 5 more legible on its side), which is not tried
#: with fewer characters, since N lies like Z, nor with more, whose places say how they lie.
_QUARTER_GAIN, _QUARTER_LEAST, _QUARTER_MOST = 8.0, 4, 40
#: Where no more characters are read than this it is asked whether all ink is one, and the least probability
#: of it: of 300 drawings of characters of training writers 5 are lower, of 40 words of two or three letters none
#: is higher.
_FEW, _ONE = 6, 0.75
#: What is written in one stroke or strokes that meet is rather one character: of 300, 2 are lower than this.
_ONE_JOINED = 0.4

#: Colours that neighbouring lines are told apart by, and that of what was left out, RGB.
_COLOURS, _LEFT_OUT = ((200, 0, 0), (0, 130, 0), (0, 0, 220), (170, 0, 170), (0, 140, 140)), (165, 165, 165)


@dataclass(frozen=True)
class FoundCharacter:
    """A character of a page: log-scores of the classes in its context, what was seen, and where."""

    scores: np.ndarray
    label: int
    glyph: np.ndarray
    box: Box


@dataclass(frozen=True)
class FoundWord:
    """Characters from left to right; ``joined`` where the word looks written in one stroke; ``before`` is what was
    read where a language's words changed it."""

    characters: tuple[FoundCharacter, ...]
    joined: bool
    before: str | None = None


@dataclass
class Steps:
    """What can be looked at afterwards, each uint8, by name; empty unless asked for."""

    wanted: bool = False
    images: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, name: str, image: np.ndarray) -> None:
        if self.wanted:
            self.images[name] = image


def read_page(
    image: np.ndarray,
    judge: Judge,
    alphabet: Alphabet,
    allowed: np.ndarray,
    *,
    layout: str = "page",
    weights: Weights | None = None,
    words: WordList | None = None,
    steps: Steps | None = None,
    upright: bool = False,
) -> list[list[FoundWord]] | None:
    """Read all lines of an image.

    Args:
        image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.
        judge: Glyphs uint8 (n, 28, 28) to probabilities float (n, classes), and of being characters float (n,).
        alphabet: The classes.
        allowed: bool (classes,): those to choose from.
        layout: ``"page"``; ``"auto"``: a page, if it is not one character; ``"line"``: all ink is one line
            (unless it plainly is several), upright; or ``"word"``: one word.
        words: Of the language it is written in, which are preferred where they look nearly as good.
        upright: Whether a page is known to lie as it should; else it may lie on any side.
        steps: Filled with ``original``, ``background``, ``ink``, ``rules`` and ``lines``.

    Returns:
        The words of every line, from top to bottom; boxes are in pixels of ``image``. ``None`` where
        the layout is ``"auto"`` and all ink is one character.
    """
    auto, layout = layout == "auto", "page" if layout == "auto" else layout
    any_side = layout == "page" and not upright
    steps = steps or Steps()
    model = Model(judge, alphabet, allowed, weights or Weights(), words)
    sheet = _sheet(image, layout, steps, model if any_side else None)
    lines = uncut_lines(sheet.ink, layout)
    maybe_turned = any_side and sheet.count >= _HALF_LEAST
    read = _read_unless_turned(lines, model) if maybe_turned else None
    if read is None:
        if maybe_turned:
            sheet = sheet.turned()
            lines = uncut_lines(sheet.ink, layout)
        read = read_lines(lines, model, one_word=layout == "word")
    if auto and sum(line.count for line in read) <= _FEW and _is_one(sheet.ink, model):
        return None
    if steps.wanted:
        pictures = (255 - sheet.ink, 255 - sheet.rules, _coloured(sheet.ink, read))
        steps.images |= zip(("ink", "rules", "lines"), pictures, strict=True)
    found = [[_found(word, line.cut, sheet.to_image) for word in line.words if word.groups] for line in read]
    return [words for words in found if words]


def _is_one(ink: np.ndarray, model: Model) -> bool:
    """Whether all ink is one character, in how many strokes and however large."""
    lines = single_line(ink)
    if not lines:
        return False
    pieces = cut_line(lines[0].ink, lines[0].box.height)
    groups = all_as_one(pieces)
    (lattice,) = lattices([CutLine(lines[0], pieces, groups, *group_glyphs(pieces, groups))], model)
    count, _ = cv2.connectedComponents((lines[0].ink >= 128).astype(np.uint8), connectivity=8)
    return float(lattice.whole[0]) >= (_ONE_JOINED if count == 2 else _ONE)


@dataclass(frozen=True)
class _Sheet:
    """Ink and rules of a page, uint8 (h, w), the float (2, 3) that maps their pixels to the image's, and about
    how many characters there are."""

    ink: np.ndarray
    rules: np.ndarray
    to_image: np.ndarray
    count: int

    def turned(self) -> "_Sheet":
        """By half a turn."""
        back = np.float64([[-1, 0, self.ink.shape[1] - 1], [0, -1, self.ink.shape[0] - 1]])
        ink, rules = (cv2.rotate(image, cv2.ROTATE_180) for image in (self.ink, self.rules))
        return _Sheet(ink, rules, _after(self.to_image, back), self.count)


def _sheet(image: np.ndarray, layout: str, steps: Steps, model: Model | None) -> _Sheet:
    """The ink, its lines level and without rules; perhaps upside down. Without a model it is not asked whether it lies
    on its side."""
    page = find_ink(image)
    steps.add("original", page.original)
    steps.add("background", page.background)
    ink, to_image = page.ink, np.float64([[1 / page.scale, 0, 0], [0, 1 / page.scale, 0]])
    count = deskew.character_count(ink) if layout != "word" else 0
    for _ in range(_quarter_turns(ink, count, model) if model else 0):
        to_image = _after(to_image, np.float64([[0, 1, 0], [-1, 0, ink.shape[0] - 1]]))
        ink = cv2.rotate(ink, cv2.ROTATE_90_CLOCKWISE)
    degrees = deskew.skew(ink, count) if layout != "word" else 0.0
    if degrees:
        matrix = deskew.rotation(ink.shape, degrees)
        to_image = _after(to_image, cv2.invertAffineTransform(matrix))
        ink = deskew.rotated(ink, degrees)
    ink, rules = remove_rules(ink)
    if layout != "page":
        # On a page it is a line without characters; here all ink is one line.
        ink, under = remove_underline(ink)
        rules = np.maximum(rules, under)
    return _Sheet(ink, rules, to_image, count)


def _quarter_turns(ink: np.ndarray, count: int, model: Model) -> int:
    """By how many quarters of a turn, clockwise, the lines become level; they may be upside down then."""
    sideways = deskew.is_sideways(ink, count)
    if sideways is not None or not _QUARTER_LEAST <= count <= _QUARTER_MOST:
        return int(bool(sideways))
    ways = {turns: np.ascontiguousarray(np.rot90(ink, -turns)) for turns in (0, 1, 3)}
    legible = {turns: _legibility(read_lines(uncut_lines(way, "page"), model)) for turns, way in ways.items()}
    best = max(legible, key=legible.get)
    return best if legible[best] > legible[0] + _QUARTER_GAIN else 0


def _legibility(lines: Iterable[ReadLine]) -> float:
    return sum(line.legibility for line in lines)


def _after(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The affine map that applies ``inner``, then ``outer``; float (2, 3) each."""
    return outer @ np.vstack([inner, [0, 0, 1]])


def _read_unless_turned(lines: list[UncutLine], model: Model) -> list[ReadLine] | None:
    """A page's lines, or ``None`` if its longest ones read clearly better turned by half a turn.

    Shapes alone do not tell (u and n, d and p, 6 and 9): the paths' scores hold also where in the
    line characters stand.
    """
    longest_first = sorted(range(len(lines)), key=lambda i: -lines[i].line.box.width)
    both, ahead, rest = np.split(longest_first, [_HALF_LINES, _HALF_LINES + _AHEAD])
    cut = [lines[i].cut() for i in both]
    # While the networks look at one way, the other one is cut, and then what comes next.
    either_way = begin_reading(chain(cut, (line.turned() for line in cut)), model)
    next_read = begin_reading((lines[i].cut() for i in ahead), model)
    read = either_way()
    upright, turned = read[: len(cut)], read[len(cut) :]
    if _legibility(turned) > _legibility(upright) + _HALF_GAIN:
        return None
    rest_read = begin_reading((lines[i].cut() for i in rest), model)
    found = dict(zip(longest_first, chain(upright, next_read(), rest_read()), strict=True))
    return [found[i] for i in range(len(lines))]


def _found(word: ReadWord, line: CutLine, to_image: np.ndarray) -> FoundWord:
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
    return FoundWord(tuple(characters), word.joined, word.before)


def _coloured(ink: np.ndarray, lines: list[ReadLine]) -> np.ndarray:
    """Every line in a colour of its own, uint8 (h, w, 3) RGB, and what was left out of it in gray."""
    picture = np.full((*ink.shape, 3), 255, np.uint8)
    for i, line in enumerate(lines):
        box = line.cut.line.box
        part = picture[box.y : box.y + box.height, box.x : box.x + box.width]
        for seen, colour in (
            (line.cut.line.ink, _COLOURS[i % len(_COLOURS)]),
            (line.left_out() * np.uint8(255), _LEFT_OUT),
        ):
            # Large writing was scaled down.
            part[cv2.resize(seen, (box.width, box.height)) >= 128] = colour
    return picture
