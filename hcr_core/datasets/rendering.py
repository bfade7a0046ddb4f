"""Pen strokes as glyphs, the same for the same samples, so that figures measured on them hold."""

from collections.abc import Iterator

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets.dataset import Dataset
from hcr_core.datasets.readers.block import Block
from hcr_core.datasets.strokes import PenStrokes, render
from hcr_core.preprocessing import ink_to_glyph

#: Pens that pen strokes are rendered with, in thousandths of the character: from a fine liner to a
#: fat marker on a canvas, drawn log-uniformly.
TEST_WIDTHS = (20, 190)
_PIECE = 1000


def rendered(strokes: PenStrokes, splits: np.ndarray, seed: int = 0) -> Iterator[Block]:
    """Glyphs of pen strokes through the app's own preprocessing, some at a time.

    Args:
        strokes: The samples, those of one split next to each other.
        splits: str (n,), the part of each.
        seed: Of the pens' widths; sample ``i`` of a split has the same pen whatever else is there.
    """
    starts = np.flatnonzero(np.concatenate([[True], splits[1:] != splits[:-1]]))
    for start, end in zip(starts, [*starts[1:], len(splits)], strict=True):
        widths = np.exp(np.random.default_rng(seed).uniform(*np.log(TEST_WIDTHS), end - start))
        for first in range(start, end, _PIECE):
            rows = range(first, min(first + _PIECE, end))
            glyphs = np.array([ink_to_glyph(render(strokes[i], widths[i - start])) for i in rows])
            chosen = slice(first, rows.stop)
            writers = strokes.writers[chosen] if strokes.writers.any() else None
            yield Block(glyphs, strokes.labels[chosen], str(splits[start]), writers, rows.stop / len(splits))


def training_dataset(name: str, strokes: PenStrokes, alphabet: Alphabet) -> Dataset:
    """Pen strokes, whose labels ``alphabet`` has, as a data set that is all for training; writers may be empty."""
    return Dataset(
        name=name,
        images=np.concatenate([block.images for block in rendered(strokes, np.full(len(strokes), "train"))]),
        labels=np.array([alphabet.index(label) for label in strokes.labels.tolist()]),
        alphabet=alphabet,
        split=np.full(len(strokes), "train"),
        strokes=strokes,
        writers=strokes.writers if strokes.writers.any() else None,
    )
