"""How good a model is on characters whose labels are known."""

from collections.abc import Callable

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset
from hcr_core.preprocessing import GLYPH_SIZE, ink_to_glyph


def glyphs_of(dataset: Dataset, positions: np.ndarray | None = None) -> np.ndarray:
    """What the app would show the model of a data set's samples, uint8 (n, 28, 28).

    Pen strokes and photos have been through the app's preprocessing as they were loaded; images
    of another size go through it here.
    """
    images = np.asarray(dataset.images if positions is None else dataset.images[positions])
    if images.shape[1:] == (GLYPH_SIZE, GLYPH_SIZE):
        return images
    return np.array([ink_to_glyph(image) for image in images])


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
