"""How good a model is on characters whose labels are known."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

import numpy as np

from hcr_core.alphabet import Alphabet, restricted
from hcr_core.datasets import Dataset
from hcr_core.matching import Match
from hcr_core.preprocessing import GLYPH_SIZE, ink_to_glyph

#: Images classified at once: their probabilities take 2 MB however large a data set is.
_BLOCK = 4096
#: The least probability that the loss is taken of, as in Keras: the logarithm of 0 is infinite.
_LEAST = 1e-7


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
    return _shares(_first_two(probabilities), labels, alphabet)


def _first_two(probabilities: np.ndarray) -> np.ndarray:
    """The most probable classes, int64 (n, 2), or (n, 1) where there is but one."""
    # Copied: a view would keep the order of all classes in memory.
    return np.argsort(probabilities, axis=1)[:, :-3:-1].copy()


def _shares(first_two: np.ndarray, labels: np.ndarray, alphabet: Alphabet) -> dict[str, float | int]:
    best = first_two[:, 0]
    right = {
        "accuracy": best == labels,
        "top2": (first_two == labels[:, None]).any(axis=1),
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


@dataclass(frozen=True)
class Answers:
    """What a model answered to n images, without the probabilities of all classes.

    Attributes:
        first_two: int64 (n, 2): its answers, positions in ``Match.alphabet``; (n, 1) of a single class.
        probabilities: float64, of those.
        truth: float64 (n,): the probability of the true class, 0 where the model does not know it.
    """

    first_two: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray


def answers(
    classify: Callable[[np.ndarray], np.ndarray],
    dataset: Dataset,
    match: Match,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Answers:
    """Have a classifier (glyphs to probabilities of the model's classes) read a data set, block by block.

    ``progress`` is called with the share that is done. Memory does not grow with the images' size.
    """
    blocks = []
    for start in range(0, len(match.positions), _BLOCK):
        rows = slice(start, start + _BLOCK)
        shares = restricted(classify(glyphs_of(dataset, match.positions[rows])), match.allowed)
        blocks.append(_answers(shares, match.labels[rows], int(match.allowed.sum())))
        progress(min(1.0, rows.stop / len(match.positions)))
    return Answers(*(np.concatenate([getattr(block, field.name) for block in blocks]) for field in fields(Answers)))


def _answers(shares: np.ndarray, labels: np.ndarray, allowed: int) -> Answers:
    first_two = _first_two(shares)[:, :allowed]
    known = labels < shares.shape[1]
    truth = np.where(known, shares[np.arange(len(labels)), np.where(known, labels, 0)], 0.0)
    return Answers(first_two, np.take_along_axis(shares, first_two, axis=1), truth)


def cross_entropy(truth: np.ndarray) -> float:
    """Mean of -ln p, in nats, of the probabilities (n,) that were given to the true classes."""
    return float(-np.log(np.maximum(truth, _LEAST)).mean())


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class was read as each, int64 (classes, classes): truths in rows, answers in columns."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True)
class ClassFigures:
    """One class in a classification report.

    Attributes:
        label: The class.
        images: How many there are of it.
        right: How many of them were read as it.
        accuracy: ``right`` of ``images``.
        precision: ``right`` of all that was read as this class; 0 where nothing was.
        recall: ``accuracy`` by its name in information retrieval.
        f1: Harmonic mean of precision and recall.
        mistaken_for: What the others were read as, most frequent first.
    """

    label: str
    images: int
    right: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    mistaken_for: dict[str, int]


def class_figures(confusion: np.ndarray, alphabet: Alphabet) -> list[ClassFigures]:
    """Figures of every class that has images, from a ``confusion_matrix`` over ``alphabet``."""
    images, answered, right = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
    figures = []
    for i in np.flatnonzero(images):
        recall = float(right[i] / images[i])
        mistaken = {alphabet[j]: int(confusion[i, j]) for j in np.argsort(-confusion[i], kind="stable") if j != i}
        figures.append(
            ClassFigures(
                label=alphabet[i],
                images=int(images[i]),
                right=int(right[i]),
                accuracy=recall,
                precision=float(right[i] / max(answered[i], 1)),
                recall=recall,
                f1=float(2 * right[i] / (images[i] + answered[i])),
                mistaken_for={label: count for label, count in mistaken.items() if count},
            )
        )
    return figures


@dataclass(frozen=True)
class Report:
    """How well a model read a data set.

    Attributes:
        figures: ``accuracy_figures``, and ``loss``: categorical cross-entropy in nats.
        confusion: int64 (classes, classes), see ``confusion_matrix``.
        per_class: Every class that has images.
    """

    figures: dict[str, float | int]
    confusion: np.ndarray
    per_class: list[ClassFigures]

    @property
    def averages(self) -> dict[str, dict[str, float]]:
        """Precision, recall and F1 over the classes: ``macro``, all alike; ``weighted``, by their images."""
        table = np.array([(row.precision, row.recall, row.f1) for row in self.per_class])
        images = [row.images for row in self.per_class]
        means = {"macro": table.mean(axis=0), "weighted": np.average(table, axis=0, weights=images)}
        names = ("precision", "recall", "f1")
        return {kind: dict(zip(names, mean.round(4).tolist(), strict=True)) for kind, mean in means.items()}

    def to_dict(self) -> dict:
        """``{"images", "accuracy", "top2", "folded", "shape", "loss", "macro", "weighted", "per_class": [...]}``."""
        rows = ({k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(c).items()} for c in self.per_class)
        return self.figures | self.averages | {"per_class": list(rows)}


def report(answered: Answers, match: Match) -> Report:
    """The classification report of a model's answers."""
    figures = _shares(answered.first_two, match.labels, match.alphabet) | {
        "loss": round(cross_entropy(answered.truth), 4)
    }
    confusion = confusion_matrix(match.labels, answered.first_two[:, 0], len(match.alphabet))
    return Report(figures, confusion, class_figures(confusion, match.alphabet))
