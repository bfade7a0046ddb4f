"""A page to its reading: ink, skew, rules, lines, pieces, and the best path through them.

``read_page`` gives plain arrays and numbers; ``recognition`` makes a ``Reading`` of them.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import cv2
import numpy as np

from hcr_core import deskew
from hcr_core.alphabet import Alphabet
from hcr_core.group_features import context_images, geometry, sureness
from hcr_core.grouping_model import first_look, grouping_model
from hcr_core.layout import InkLine, find_lines, single_line, typical_height
from hcr_core.page_ink import find_ink
from hcr_core.preprocessing import Box
from hcr_core.respelling import respelled
from hcr_core.ruling import remove_rules, remove_underline
from hcr_core.segmentation import Groups, Pieces, all_as_one, cut_line, group, group_glyphs
from hcr_core.word_list import WordList
from hcr_core.word_reading import Lattice, ReadWord, Weights, lattice_of, legibility, read_line

#: Height of a typical component that lines are read at: twice a glyph's, enough for smooth edges.
WORK_HEIGHT = 56.0
#: A page is turned by half a turn if its longest lines are that much more legible so (nats; of 47 pages of four
#: held-back words all are more legible upright), which is not tried with fewer characters; and on how many lines.
_HALF_GAIN, _HALF_LEAST, _HALF_LINES = 4.0, 12, 2
#: By a quarter if all of it is (of 46 words, pages and photos one is 5 more legible on its side), which is not tried
#: with fewer characters, since N lies like Z, nor with more, whose places say how they lie.
_QUARTER_GAIN, _QUARTER_LEAST, _QUARTER_MOST = 8.0, 4, 40
#: Least width in heights of what is a line of its own where one line was expected: three letters.
_LINE_WIDTH = 2.5

#: Where no more characters are read than this it is asked whether all ink is one, and the least probability
#: of it: of 300 drawings of characters of training writers 5 are lower, of 40 words of two or three letters none
#: is higher.
_FEW, _ONE = 6, 0.75
#: What is written in one stroke or strokes that meet is rather one character: of 300, 2 are lower than this.
_ONE_JOINED = 0.4

#: Groups that the networks are asked about at once: enough for all their threads.
_BATCH = 256
#: Pages whose lines are looked at while their next are cut; others wait their turn.
_PAGES_AT_ONCE = 4

#: Colours that neighbouring lines are told apart by, and that of what was left out, RGB.
_COLOURS, _LEFT_OUT = ((200, 0, 0), (0, 130, 0), (0, 0, 220), (170, 0, 170), (0, 140, 140)), (165, 165, 165)

#: Glyphs to probabilities of the classes, and of being a character at all (``Recognizer.judge``).
Judge = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


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


@dataclass(frozen=True)
class Model:
    """Who reads: the network, its classes, those allowed, how paths are weighed, and perhaps a language's words."""

    judge: Judge
    alphabet: Alphabet
    allowed: np.ndarray
    weights: Weights
    words: WordList | None = None

    def read(self, lattice: Lattice, *, one_word: bool = False) -> list[ReadWord]:
        """The words of a line."""
        known = None if self.words is None else partial(respelled, words=self.words, weights=self.weights)
        return read_line(lattice, self.weights, one_word=one_word, respell=known)


@dataclass(frozen=True)
class UncutLine:
    """A line, and the height of the page's typical component."""

    line: InkLine
    page_height: float

    def cut(self) -> "CutLine":
        return _prepared(self.line, self.page_height)


@dataclass(frozen=True)
class CutLine:
    """A line on the way: its place, its pieces and what may be characters."""

    line: InkLine
    pieces: Pieces
    groups: Groups
    glyphs: np.ndarray
    boxes: list[Box]


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
    read = _read_longest(lines, model) if any_side and sheet.count >= _HALF_LEAST else {}
    if _is_upside_down(read, model):
        sheet, read = sheet.turned(), {}
        lines = uncut_lines(sheet.ink, layout)
    others = [i for i in range(len(lines)) if i not in read]
    read |= zip(others, _read_lines([lines[i] for i in others], model, one_word=layout == "word"), strict=True)
    if auto and sum(line.count for line in read.values()) <= _FEW and _is_one(sheet.ink, model):
        return None
    in_order = [read[i] for i in range(len(lines))]
    if steps.wanted:
        pictures = (255 - sheet.ink, 255 - sheet.rules, _coloured(sheet.ink, in_order))
        steps.images |= zip(("ink", "rules", "lines"), pictures, strict=True)
    found = [[_found(word, line.cut, sheet.to_image) for word in line.words if word.groups] for line in in_order]
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
class _ReadLine:
    """A line, its words, and how well they can be read."""

    cut: CutLine
    words: list[ReadWord]
    legibility: float

    @property
    def count(self) -> int:
        """Of characters."""
        return sum(len(word.groups) for word in self.words)

    def left_out(self) -> np.ndarray:
        """The line's ink that is of no character, bool (h, w)."""
        number, chosen = self.cut.pieces.number, [g for word in self.words for g in word.groups]
        unread = np.ones(len(self.cut.pieces) + 1, bool)
        for first, last in zip(self.cut.groups.first[chosen], self.cut.groups.last[chosen], strict=True):
            unread[first + 1 : last + 1] = False
        return (number > 0) & unread[number]


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
    legible = {turns: _legibility(_read_lines(uncut_lines(way, "page"), model)) for turns, way in ways.items()}
    best = max(legible, key=legible.get)
    return best if legible[best] > legible[0] + _QUARTER_GAIN else 0


def _legibility(lines: Iterable[_ReadLine]) -> float:
    return sum(line.legibility for line in lines)


def uncut_lines(ink: np.ndarray, layout: str) -> list[UncutLine]:
    """The lines of a sheet, from top to bottom."""
    height = typical_height(ink)
    if not height:
        return []
    lines = single_line(ink) if layout == "word" else _ink_lines(ink, height, layout)
    return [UncutLine(line, height) for line in lines]


def _ink_lines(ink: np.ndarray, height: float, layout: str) -> list[InkLine]:
    """The lines of a page; all ink as one where that is said, unless it plainly is several."""
    lines = find_lines(ink, height)
    full = [line for line in lines if line.box.height > 0.6 * height and line.box.width > _LINE_WIDTH * height]
    return single_line(ink) if layout == "line" and len(full) < 2 else lines


def _after(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The affine map that applies ``inner``, then ``outer``; float (2, 3) each."""
    return outer @ np.vstack([inner, [0, 0, 1]])


def _read_longest(lines: list[UncutLine], model: Model) -> dict[int, _ReadLine]:
    """A page's longest lines, by the lines' positions."""
    longest = sorted(range(len(lines)), key=lambda i: -lines[i].line.box.width)[:_HALF_LINES]
    return dict(zip(longest, _read_lines([lines[i] for i in longest], model), strict=True))


def _is_upside_down(read: dict[int, _ReadLine], model: Model) -> bool:
    """Whether the lines read already read clearly better turned by half a turn.

    Shapes alone do not tell (u and n, d and p, 6 and 9): the paths' scores hold also where in the
    line characters stand.
    """
    turned = _read(map(_turned, (line.cut for line in read.values())), model)
    return _legibility(turned) > _legibility(read.values()) + _HALF_GAIN


def _turned(line: CutLine) -> CutLine:
    return _cut_up(replace(line.line, ink=cv2.rotate(line.line.ink, cv2.ROTATE_180)), line.pieces.height)


def _read_lines(lines: list[UncutLine], model: Model, *, one_word: bool = False) -> list[_ReadLine]:
    return _read((line.cut() for line in lines), model, one_word=one_word)


def _read(lines: Iterable[CutLine], model: Model, *, one_word: bool = False) -> list[_ReadLine]:
    """Read lines as they are cut; while the networks look at some, the next are cut."""
    judged = [(part, _threads().submit(lattices, part, model)) for part in _parts(lines)]
    read = []
    for part, found in judged:
        for line, lattice in zip(part, found.result(), strict=True):
            words = model.read(lattice, one_word=one_word)
            read.append(_ReadLine(line, words, legibility(lattice, words, model.weights)))
    return read


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Kept: OpenCV does not give back what it keeps for a thread, a kilobyte for every page that had one of its own."""
    return ThreadPoolExecutor(_PAGES_AT_ONCE, thread_name_prefix="lattices")


def _parts(lines: Iterable[CutLine]) -> Iterator[list[CutLine]]:
    """Lines in parts of about so many groups that the networks take them in one batch each."""
    part: list[CutLine] = []
    for line in lines:
        part.append(line)
        if sum(len(line.glyphs) for line in part) >= _BATCH:
            yield part
            part = []
    if part:
        yield part


def lattices(lines: list[CutLine], model: Model) -> list[Lattice]:
    """What the networks say of lines; all their groups go through at once, which is faster in batches."""
    if not lines:
        return []
    glyphs = np.concatenate([line.glyphs for line in lines])
    probabilities, written = model.judge(glyphs)
    contexts = np.concatenate([context_images(line.pieces, line.groups, line.boxes) for line in lines])
    place = np.concatenate([geometry(line.pieces, line.groups) for line in lines])
    rows = np.column_stack([place, sureness(probabilities, written, model.alphabet)])
    folded, whole = grouping_model().classify(glyphs, contexts, rows)
    ends = np.cumsum([len(line.glyphs) for line in lines])
    return [
        lattice_of(line.pieces, line.groups, probabilities[i], folded[i], whole[i], model.alphabet, model.allowed)
        for line, i in zip(lines, np.split(np.arange(len(glyphs)), ends[:-1]), strict=True)
    ]


def _prepared(line: InkLine, page_height: float) -> CutLine:
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
    return _cut_up(replace(line, ink=ink), height * scale)


def _cut_up(line: InkLine, height: float) -> CutLine:
    """A line's pieces and what may be characters; ``height`` of a typical component."""
    pieces = cut_line(line.ink, height)
    groups = first_look().likely(pieces, group(pieces))
    return CutLine(line, pieces, groups, *group_glyphs(pieces, groups))


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


def _coloured(ink: np.ndarray, lines: list[_ReadLine]) -> np.ndarray:
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
