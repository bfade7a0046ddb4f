"""Lines of ink to their words: cut up, looked at by the networks, and the best path through what may be characters."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import cv2
import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.group_features import context_images, geometry, sureness
from hcr_core.grouping_model import first_look, grouping_model
from hcr_core.lattice import Lattice, Weights, lattice_of
from hcr_core.layout import InkLine, find_lines, single_line, typical_height
from hcr_core.preprocessing import Box
from hcr_core.respelling import respelled
from hcr_core.segmentation import Groups, Pieces, cut_line, group, group_glyphs
from hcr_core.word_list import WordList
from hcr_core.word_reading import ReadWord, legibility, read_line

#: Height of a typical component that lines are read at: twice a glyph's, enough for smooth edges.
WORK_HEIGHT = 56.0
#: Least width in heights of what is a line of its own where one line was expected: three letters.
_LINE_WIDTH = 2.5
#: Groups that the networks are asked about at once: enough for all their threads.
_BATCH = 256
#: Pages whose lines are looked at while their next are cut; others wait their turn.
_PAGES_AT_ONCE = 4

#: Glyphs to probabilities of the classes, and of being a character at all (``Recognizer.judge``).
Judge = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


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

    def turned(self) -> "CutLine":
        """By half a turn, and cut up anew."""
        return _cut_up(replace(self.line, ink=cv2.rotate(self.line.ink, cv2.ROTATE_180)), self.pieces.height)


@dataclass(frozen=True)
class ReadLine:
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


def read_lines(lines: list[UncutLine], model: Model, *, one_word: bool = False) -> list[ReadLine]:
    """Cut lines and read them; ``one_word``: all ink of each is one."""
    return begin_reading((line.cut() for line in lines), model, one_word=one_word)()


def begin_reading(lines: Iterable[CutLine], model: Model, *, one_word: bool = False) -> Callable[[], list[ReadLine]]:
    """Have the networks look at lines as they are cut; what is given back waits for that and reads the words."""
    judged = [(part, _threads().submit(lattices, part, model)) for part in _parts(lines)]

    def finish() -> list[ReadLine]:
        read = []
        for part, found in judged:
            for line, lattice in zip(part, found.result(), strict=True):
                words = model.read(lattice, one_word=one_word)
                read.append(ReadLine(line, words, legibility(lattice, words, model.weights)))
        return read

    return finish


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
