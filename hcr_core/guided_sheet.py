"""A sheet of cells to write an alphabet into, whatever the script."""

import unicodedata
from collections.abc import Sequence

import numpy as np

from hcr_core.corrections import MOST_LABEL
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.strokes import render
from hcr_core.preprocessing import ink_to_glyph
from hcr_core.recognition import Recognizer

#: Cells of a sheet: a square of so many a side fits a palm-sized pad, and a phone.
GRID = 3
#: Characters of an alphabet at most: an afternoon's writing.
MOST_CHARACTERS = 400
#: Pen that what was written is drawn with for the network to see, in thousandths of the character: half of
#: the pens of ``rendering.TEST_WIDTHS`` are finer.
_PEN = 62
#: What was asked for is less probable than this, and another shape more than that, of 0.4 to 0.9 % of what people
#: wrote whom the model does not know, and of 85 to 92 % of what was written for another character.
_NOT_IT, _OTHER = 0.01, 0.95
#: What joins letters to one: the zero-width joiner, and viramas, after which a consonant goes on (Unicode's
#: canonical combining class 9).
_JOINER, _VIRAMA = "\u200d", 9


def characters_of(text: str) -> list[str]:
    """The characters that somebody typed, each once, in their order.

    With spaces or commas between them, each piece is one character; without, letters are taken together with
    their vowel signs and accents.

    Raises ``DatasetError`` for pieces that are too long, or more than ``MOST_CHARACTERS``.

    >>> characters_of("αβα"), characters_of("ka, क्ष")
    (['α', 'β'], ['ka', 'क्ष'])
    """
    text = unicodedata.normalize("NFC", text)
    pieces = text.replace(",", " ").split()
    found = list(dict.fromkeys(_clusters(pieces[0]) if len(pieces) == 1 else pieces))
    if any(len(label) > MOST_LABEL for label in found):
        raise DatasetError(f"a character is written with at most {MOST_LABEL} letters: set spaces between them")
    if len(found) > MOST_CHARACTERS:
        raise DatasetError(f"{len(found):,} characters are too many: {MOST_CHARACTERS} at most")
    return found


def _clusters(text: str) -> list[str]:
    """Letters with what is written around them (a plain form of Unicode's grapheme clusters, UAX 29)."""
    clusters: list[str] = []
    for character in text:
        marks = unicodedata.category(character).startswith("M") or character == _JOINER
        last = clusters[-1][-1] if clusters else ""
        if clusters and (marks or last == _JOINER or unicodedata.combining(last) == _VIRAMA):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def next_characters(wanted: Sequence[str], counts: dict[str, int], each: int, many: int = GRID * GRID) -> list[str]:
    """What to write next: the characters written least often, fewer than ``each`` times, in their order.

    Where they are few, a sheet asks for them several times, so that none of its cells stays empty for nothing.

    >>> next_characters("ab", {"a": 1}, 3)
    ['b', 'a', 'b', 'a', 'b']
    """
    return [label for written in range(each) for label in wanted if counts.get(label, 0) <= written][:many]


def by_cell(strokes: Sequence[np.ndarray], side: float, grid: int = GRID) -> dict[int, tuple[np.ndarray, ...]]:
    """Strokes by the cell they were written in, counted row by row.

    Args:
        strokes: float (n, 2) each, in units of which the sheet has ``side``.
        side: Of the square sheet.
        grid: Cells in a row.

    Returns:
        The strokes of each cell that has any: a stroke belongs where the middle of its box is.
    """
    cells: dict[int, list[np.ndarray]] = {}
    for stroke in strokes:
        middle = (stroke.min(axis=0) + stroke.max(axis=0)) / 2
        column, row = np.clip((middle * grid / side).astype(int), 0, grid - 1)
        cells.setdefault(int(row) * grid + int(column), []).append(stroke)
    return {cell: tuple(found) for cell, found in sorted(cells.items())}


def glyph_of(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """Strokes as a model sees them, uint8 (28, 28)."""
    return ink_to_glyph(render(strokes, _PEN))


def mistaken(recognizer: Recognizer, glyphs: Sequence[np.ndarray], labels: Sequence[str]) -> list[tuple[str, str]]:
    """What seems to be written into another's cell: what was asked for, and what it plainly looks like.

    Args:
        recognizer: Who looks at it; of what it does not know it says nothing.
        glyphs: uint8 (28, 28) each, of ``glyph_of``.
        labels: Of the glyphs: what was asked for.
    """
    alphabet = recognizer.alphabet
    known = [(glyph, label) for glyph, label in zip(glyphs, labels, strict=True) if label in alphabet]
    if not known:
        return []
    # Case and other look-alikes cannot be told from a shape alone.
    alike = alphabet.shape_groups[:, None] == alphabet.shape_groups
    found = []
    for (_, label), row in zip(known, recognizer.classify(np.stack([glyph for glyph, _ in known])), strict=True):
        shares = alike @ row
        if shares[alphabet.index(label)] < _NOT_IT and shares.max() > _OTHER:
            found.append((label, alphabet[int((alike[shares.argmax()] * row).argmax())]))
    return found
