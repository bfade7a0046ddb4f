"""The data that ``hcr_core/grouping.tflite`` is trained on, from words whose text is known.

Run: ``HCR_DATA_DIR=... python -m benchmarks.grouping_training OUT.npz``. Words of UNIPEN writers who are
not for testing, and composed words of emnist62's training part, are cut into pieces; the text says how
many characters there are and which, and the best path that spells it (forced alignment) says which groups
are characters. All other groups of those words are what the network learns to reject.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.words import folded, line_samples, word_samples
from hcr_core import Recognizer
from hcr_core.datasets.places import data_folder
from hcr_core.grouping_model import CLASSES, features
from hcr_core.layout import single_line, typical_height
from hcr_core.page_ink import find_ink
from hcr_core.segmentation import cut_line, group, group_glyphs
from hcr_core.word_reading import Lattice, Weights, group_costs, lattice_of, skip_costs

#: Weights of an alignment: the geometry's alone, since the network is not there yet.
_ALIGNMENT = replace(Weights(), whole=0.0, in_words=0.0, cut=0.6, cut_ink=0.3, overlap=4.0, gap=6.0, skip=2.0)
#: A word counts if this share of its characters have at least this probability in their places.
_ALIGNED, _LEAST = 0.75, 0.05


@dataclass(frozen=True)
class Example:
    """The groups of a word: glyphs, features, the class of ``CLASSES`` or -1, and whether it is whole."""

    glyphs: np.ndarray
    features: np.ndarray
    classes: np.ndarray


def align(lattice: Lattice, text: str) -> list[tuple[int, float]] | None:
    """The groups that best spell ``text``, case aside, each with its probability; ``None`` without a path."""
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


def example(recognizer: Recognizer, text: str, image: np.ndarray) -> Example | None:
    """A word's groups, or ``None`` where the text does not fit them."""
    ink = find_ink(image).ink
    pieces = cut_line(single_line(ink)[0].ink, typical_height(ink))
    groups = group(pieces)
    glyphs, _ = group_glyphs(pieces, groups)
    probabilities = recognizer.classify(glyphs)
    alphabet = recognizer.alphabet
    lattice = lattice_of(pieces, groups, glyphs, probabilities, alphabet, alphabet.select(None))
    aligned = align(lattice, folded(text))
    if aligned is None or np.mean([p > _LEAST for _, p in aligned]) < _ALIGNED:
        return None
    classes = np.full(len(groups), -1)
    for (g, _), letter in zip(aligned, folded(text), strict=True):
        classes[g] = CLASSES.index(letter)
    return Example(glyphs, features(pieces, groups, probabilities, alphabet), classes)


def main() -> None:
    recognizer, data = Recognizer.load(), data_folder()
    samples = [*word_samples(data, False, 10_000), *line_samples(700, seed=7, split="train")]
    examples = [e for e in (example(recognizer, text, image) for text, image in samples) if e]
    names = ("glyphs", "features", "classes")
    np.savez_compressed(sys.argv[1], **{name: np.concatenate([getattr(e, name) for e in examples]) for name in names})
    print(f"{len(examples)} of {len(samples)} words aligned")


if __name__ == "__main__":
    main()
