"""How good a model is on characters whose labels are known."""

from collections.abc import Callable

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset
from hcr_core.datasets.strokes import PenStrokes, render
from hcr_core.preprocessing import GLYPH_SIZE, image_to_glyph, ink_to_glyph

#: Pens that pen strokes are rendered with for testing, in thousandths of the character: from a
#: fine liner to a fat marker on a canvas, drawn log-uniformly.
TEST_WIDTHS = (20, 190)


def glyphs_of(dataset: Dataset, positions: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """What the app would show the model of a data set's samples, uint8 (n, 28, 28).

    Pen strokes are rendered with pens of random width (``TEST_WIDTHS``), the same for the same
    sample and seed; a photo without ink gives an empty glyph.
    """
    positions = np.arange(len(dataset)) if positions is None else positions
    indices = dataset.indices[positions]
    if isinstance(dataset.samples, PenStrokes):
        logs = np.random.default_rng(seed).uniform(*np.log(TEST_WIDTHS), len(dataset))[positions]
        drawn = zip(indices, np.exp(logs), strict=True)
        return np.array([ink_to_glyph(render(dataset.samples[i], width)) for i, width in drawn])
    if isinstance(dataset.samples, np.ndarray):
        return dataset.samples[indices]
    empty = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    found = (image_to_glyph(dataset.samples[i]) for i in indices)
    return np.array([empty if glyph is None else glyph for glyph in found])


def accuracy_figures(probabilities: np.ndarray, labels: np.ndarray, alphabet: Alphabet) -> dict[str, float | int]:
    """Shares of right answers.

    Args:
        probabilities: float (n, classes).
        labels: int (n,), the true classes.
        alphabet: The classes.

    Returns:
        ``images``; ``accuracy`` of the first answer; ``top2``, the truth among the first two;
        ``folded``, right but for the case; ``shape``, right but for look-alikes
        (``alphabet.LOOKALIKES``).
    """
    order = np.argsort(probabilities, axis=1)[:, ::-1]
    best = order[:, 0]
    right = {
        "accuracy": best == labels,
        "top2": (order[:, :2] == labels[:, None]).any(axis=1),
        "folded": alphabet.case_groups[best] == alphabet.case_groups[labels],
        "shape": alphabet.shape_groups[best] == alphabet.shape_groups[labels],
    }
    return {"images": len(labels)} | {name: round(float(hits.mean()), 4) for name, hits in right.items()}


def evaluate(
    classify: Callable[[np.ndarray], np.ndarray], dataset: Dataset, positions: np.ndarray | None = None
) -> dict[str, float | int]:
    """``accuracy_figures`` of a classifier (glyphs to probabilities) on a data set or part of it."""
    labels = dataset.labels if positions is None else dataset.labels[positions]
    return accuracy_figures(classify(glyphs_of(dataset, positions)), labels, dataset.alphabet)
