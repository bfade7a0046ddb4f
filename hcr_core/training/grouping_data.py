"""What the grouping network learns from: groups of pieces of lines whose text is known.

Lines composed of single characters say to the pixel which group is which character. In words of UNIPEN
writers the text says how many characters there are and which, and the best path that spells it (forced
alignment) says which groups they are. All other groups are what the network learns to reject.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import load
from hcr_core.datasets.places import data_folder
from hcr_core.datasets.splits import validation_split, writer_splits
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.group_features import context_images, geometry, sureness
from hcr_core.grouping_model import CLASSES
from hcr_core.lattice import Lattice, Weights, group_costs, skip_costs
from hcr_core.layout import single_line, typical_height
from hcr_core.page_ink import find_ink
from hcr_core.preprocessing import Box
from hcr_core.recognition import Recognizer
from hcr_core.segmentation import Groups, Pieces, cut_line, group, group_glyphs
from hcr_core.training.composed_lines import ComposedLine, compose, glyph_writer, pen_writers, random_words

#: Of UNIPEN's words, all there are.
STYLES = ("PRINTED", "MIXED", "CURSIVE", "unknown")
#: Weights of an alignment: the geometry's alone, since the network is not there yet.
_ALIGNMENT = replace(Weights(), whole=0.0, in_words=0.0, cut=0.6, cut_ink=0.3, overlap=4.0, gap=6.0, skip=2.0)
#: A word counts if this share of its characters have at least this probability in their places.
_ALIGNED, _LEAST = 0.75, 0.05
#: A group is a character if it has this share of its ink, and of others' ink at most this share of its own;
#: what is nearly that is neither whole nor wrong, and left out.
_OWN, _OTHERS, _NEARLY = 0.9, 0.08, 0.75
#: Neighbours touch more often than elsewhere: that is what has to be learned.
_TOUCHING = 0.5
#: Slants, in columns per row, and logarithms of widths by which words vary.
_SLANT, _WIDTH = 0.2, 0.2
#: A hand needs so many labels to compose words of.
_LEAST_LABELS = 20
#: One writer of so many that are not for testing is for validation.
_HELD = 10


@dataclass(frozen=True)
class Examples:
    """Groups and what they are.

    Attributes:
        glyphs: uint8 (n, 28, 28).
        contexts: uint8 (n, 32, 32, 2), of ``context_images``.
        geometry: float32 (n, 13).
        sureness: float32 (n, 4).
        classes: int (n,): position in ``CLASSES``, -1 for what is no character.
    """

    glyphs: np.ndarray
    contexts: np.ndarray
    geometry: np.ndarray
    sureness: np.ndarray
    classes: np.ndarray

    def take(self, rows: np.ndarray) -> "Examples":
        return Examples(**{name: values[rows] for name, values in vars(self).items()})

    @classmethod
    def joined(cls, parts: list["Examples"]) -> "Examples":
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def unipen_words(path: Path, split: str, styles: tuple[str, ...]) -> Iterator[tuple[str, list[np.ndarray], str]]:
    """Words of writers of a part, their strokes and writers, in random order.

    ``split`` is ``"test"``, ``"train"`` or ``"held"``: a tenth of the writers who are not for testing. Without those
    who are in another part by the characters beside the words.
    """
    words = PenStrokes.from_npz(path)
    with np.load(path) as file:
        fitting = np.isin(file["styles"], styles)
    test = writer_splits(words.writers) == "test"
    held = np.array([zlib.crc32(str(name).encode()) // 20 % _HELD == 0 for name in words.writers])
    part = {"test": test, "held": ~test & held, "train": ~test & ~held}[split]
    characters = np.unique(PenStrokes.from_npz(path.with_name("unipen_chars.npz")).writers)
    elsewhere = characters[writer_splits(characters) != ("test" if split == "test" else "train")]
    fitting &= ~np.isin(_persons(words.writers), _persons(elsewhere))
    for i in np.random.default_rng(0).permutation(np.flatnonzero(part & fitting)):
        yield str(words.labels[i]), words[i], str(words.writers[i])


def _persons(writers: np.ndarray) -> np.ndarray:
    """UNIPEN's writers, str (n,), without the collection: some of them gave words to one and characters to another."""
    return np.array([name.rpartition("/")[2] for name in writers.tolist()])


def drawn(strokes: list[np.ndarray], pen: float, scale: float = 0.5, margin: int = 20) -> np.ndarray:
    """Pen strokes on white paper, uint8 (h, w); ``pen`` in units of the strokes."""
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    high = np.max([stroke.max(axis=0) for stroke in strokes], axis=0)
    width, height = (np.ceil((high - low) * scale) + 2 * margin).astype(int)
    image = np.full((height, width), 255, np.uint8)
    for stroke in strokes:
        path = np.round(((stroke - low) * scale + margin) * 16).astype(np.int32)
        path = path if len(path) > 1 else np.repeat(path, 2, axis=0)
        cv2.polylines(image, [path], False, 0, max(1, round(pen * scale)), cv2.LINE_AA, 4)
    return image


def varied(strokes: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Pen strokes with another slant and another width, as far as hands of one style differ."""
    slant, width = rng.uniform(-_SLANT, _SLANT), np.exp(rng.uniform(-_WIDTH, _WIDTH))
    return [np.column_stack([width * stroke[:, 0] - slant * stroke[:, 1], stroke[:, 1]]) for stroke in strokes]


def composed(count: int, seed: int, *, held: bool = False) -> Iterator[ComposedLine]:
    """Lines of training characters: scans, hands with pens, and digits of MNIST, one after the other; ``held``: of
    scans and digits that are for validation."""
    rng = np.random.default_rng(seed)
    sets = [load(name, "train") for name in ("emnist62", "mnist")]
    scans, digits = (glyph_writer(data.take(validation_split(len(data))[held]), rng) for data in sets)
    hands = pen_writers(load("unipen", "train"), _LEAST_LABELS, rng)
    for i in range(count):
        write, labels = [(scans, None), next(hands), (scans, None), next(hands), (digits, frozenset("0123456789"))][
            i % 5
        ]
        text = " ".join(random_words(rng, int(rng.integers(1, 4)), labels))
        yield compose(text, [write(letter) for letter in text.replace(" ", "")], rng, touching=_TOUCHING)


def gather(recognizer: Recognizer, words: int, lines: int, held: bool, seed: int) -> Examples:
    """Groups of UNIPEN words and of composed lines.

    Args:
        recognizer: Whose probabilities are features.
        words: Of UNIPEN writers; where there are not so many, they come again, varied.
        lines: Composed ones.
        held: Of the writers for validation, and of other lines.
        seed: Of the pens and of the lines.
    """
    rng, parts = np.random.default_rng(seed), []
    path = data_folder() / "unipen" / "unipen_words.npz"
    written = list(unipen_words(path, "held" if held else "train", STYLES))
    for i in range(words):
        text, strokes, _ = written[i % len(written)]
        pen = float(np.exp(rng.uniform(*np.log([4, 18]))))
        if i >= len(written):
            strokes = varied(strokes, rng)
        parts.append(of_word(recognizer, text, drawn(strokes, pen)))
    for line in composed(lines, seed + 1000 * held, held=held):
        parts.append(of_line(recognizer, line))
    return Examples.joined([part for part in parts if part is not None])


@dataclass(frozen=True)
class CutLine:
    """A line and all groups of its pieces.

    Attributes:
        box: Where it stands in its image.
        probabilities: float (n, classes): the recognizer's, of the groups.
        examples: The groups, their classes still unknown.
    """

    box: Box
    pieces: Pieces
    groups: Groups
    probabilities: np.ndarray
    examples: Examples


def cut(recognizer: Recognizer, image: np.ndarray) -> CutLine:
    """Cut up the one line of an image, uint8 (h, w), dark on white."""
    ink = find_ink(image).ink
    (line,) = single_line(ink)
    pieces = cut_line(line.ink, typical_height(ink))
    groups = group(pieces)
    glyphs, boxes = group_glyphs(pieces, groups)
    probabilities, written = recognizer.judge(glyphs)
    unknown = np.full(len(groups), -1)
    sure = sureness(probabilities, written, recognizer.alphabet)
    contexts = context_images(pieces, groups, boxes)
    examples = Examples(glyphs, contexts, geometry(pieces, groups), sure, unknown)
    return CutLine(line.box, pieces, groups, probabilities, examples)


def of_line(recognizer: Recognizer, line: ComposedLine) -> Examples | None:
    """The groups of a composed line, but for those that are nearly a character."""
    found = cut(recognizer, line.image)
    box, pieces, groups, examples = found.box, found.pieces, found.groups, found.examples
    owner = line.owner[box.y : box.y + box.height, box.x : box.x + box.width]
    letters = line.text.replace(" ", "").lower()
    if owner.shape != pieces.number.shape:
        return None
    # Pixels of each piece that show each character.
    table = np.zeros((len(pieces) + 1, len(letters) + 1), int)
    np.add.at(table, (pieces.number.ravel(), owner.ravel()), 1)
    sums = np.concatenate([np.zeros((1, len(letters)), int), np.cumsum(table[1:, 1:], axis=0)])
    best, whole, nearly = _whole(sums[groups.last] - sums[groups.first], table[:, 1:].sum(axis=0))
    examples.classes[whole] = [CLASSES.index(letters[i]) for i in best[whole]]
    return examples.take(np.flatnonzero(~nearly))


def _whole(inside: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which character a group shows most of, whether it is that one whole, and whether only nearly; (n,) each.

    ``inside`` are the pixels of each character in each group, int (n, characters), ``total`` all it has.
    """
    best = inside.argmax(axis=1)
    own = inside[np.arange(len(inside)), best]
    covered = own / np.maximum(total[best], 1)
    others = inside.sum(axis=1) - own
    whole = (covered >= _OWN) & (others <= _OTHERS * own)
    nearly = ~whole & (covered >= _NEARLY) & (others <= (1 - _NEARLY) * own)
    # Where two touch and no cut is right, the best there is will have to do.
    overlap = own / np.maximum(total[best] + others, 1)
    for character in set(best[nearly].tolist()) - set(best[whole].tolist()):
        whole[max(np.flatnonzero(nearly & (best == character)), key=lambda g: overlap[g])] = True
    return best, whole, nearly & ~whole


def of_word(recognizer: Recognizer, text: str, image: np.ndarray) -> Examples | None:
    """A word's groups, or ``None`` where the text does not fit them."""
    letters = "".join(c for c in text.lower() if c in CLASSES)
    found = cut(recognizer, image)
    groups, examples = found.groups, found.examples
    aligned = align(found, letters, recognizer.alphabet)
    if aligned is None or np.mean([p > _LEAST for _, p in aligned]) < _ALIGNED:
        return None
    for (g, _), letter in zip(aligned, letters, strict=True):
        examples.classes[g] = CLASSES.index(letter)
    doubtful = [g for g, p in aligned if p < 0.02]
    return examples.take(np.setdiff1d(np.arange(len(groups)), doubtful))


def align(line: CutLine, text: str, alphabet: Alphabet) -> list[tuple[int, float]] | None:
    """The groups that best spell ``text``, of ``CLASSES``, each with its probability, case aside; ``None`` without a
    path."""
    even, p = np.full(len(line.groups), 0.5), line.probabilities
    lattice = Lattice(line.pieces, line.groups, p, p, even, alphabet, alphabet.select(None))
    groups, pieces = lattice.groups, len(lattice.pieces)
    columns = [[i for i, label in enumerate(lattice.alphabet) if label.lower() == letter] for letter in text]
    shares = np.maximum(np.stack([lattice.probabilities[:, c].sum(axis=1) for c in columns], axis=1), 1e-4)
    values = np.log(shares) - group_costs(lattice, _ALIGNMENT)[:, None]
    skips = skip_costs(lattice.pieces, _ALIGNMENT)
    best = np.full((pieces + 1, len(text) + 1), -np.inf)
    best[0, 0], back = 0.0, {}
    for k in range(pieces):
        for j in np.flatnonzero(np.isfinite(best[k])):
            steps = [(k + 1, j, -skips[k], -1)]
            if j < len(text):
                steps += [(groups.last[g], j + 1, values[g, j], g) for g in np.flatnonzero(groups.first == k)]
            for to, letter, value, g in steps:
                if best[k, j] + value > best[to, letter]:
                    best[to, letter], back[to, letter] = best[k, j] + value, (k, j, g)
    at, chosen = (pieces, len(text)), []
    if not np.isfinite(best[at]):
        return None
    while at != (0, 0):
        k, j, g = back[at]
        if g >= 0:
            chosen.append((int(g), float(shares[g, j])))
        at = (k, j)
    return chosen[::-1]
