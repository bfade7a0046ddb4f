"""Which images of a data set a model is measured on, and which of its classes it may answer with."""

from dataclasses import dataclass

import numpy as np

from hcr_core.alphabet import Alphabet, AlphabetError
from hcr_core.datasets import Dataset, DatasetError


@dataclass(frozen=True)
class Match:
    """A model and a data set brought together by the labels of their classes.

    Attributes:
        alphabet: The model's classes, then those that only the data set has.
        allowed: bool (the model's classes,): what it may answer.
        restricted_to: In words what ``allowed`` is; ``None`` for all classes.
        positions: int64 (n,): the images, in the data set.
        labels: int64 (n,): their true classes, positions in ``alphabet``.
        unknown: Classes of these images that the model does not know: it cannot be right there.
        unknown_images: How many images are of those.
    """

    alphabet: Alphabet
    allowed: np.ndarray
    restricted_to: str | None
    positions: np.ndarray
    labels: np.ndarray
    unknown: tuple[str, ...]
    unknown_images: int


def match(known: Alphabet, dataset: Dataset, kind: str = "all", *, all_classes: bool = False) -> Match:
    """Bring a model and a data set together.

    A model that knows every class of the data set and more may only answer with those, as digits
    are read where nothing else can stand.

    Args:
        known: The model's classes.
        dataset: The images.
        kind: Only images of this part of the data set's classes (``alphabet.KINDS``); the model
            answers with classes of that kind, too.
        all_classes: Whether the model may answer with all its classes whatever the data set has.

    Raises:
        DatasetError: No image of the kind, or no class in common.
    """
    try:
        chosen = dataset.alphabet.select(kind)
    except AlphabetError:
        raise DatasetError(f"{dataset.name} has no classes that are {kind}") from None
    wanted = [label for label, is_chosen in zip(dataset.alphabet, chosen, strict=True) if is_chosen]
    if not any(label in known for label in wanted):
        raise DatasetError(
            f"the model and {dataset.name} have no class in common: "
            f"it knows {_some(known.labels)}, and the data set has {_some(wanted)}"
        )
    positions = np.flatnonzero(chosen[dataset.labels])
    if not len(positions):
        raise DatasetError(f"{dataset.name} has no images of {_some(wanted)}")
    alphabet = Alphabet((*known, *(label for label in wanted if label not in known)))
    # Classes that are not chosen have no place; no image of theirs is among the positions.
    places = np.array([alphabet.index(label) if label in wanted else -1 for label in dataset.alphabet])
    labels = places[dataset.labels[positions]]
    unknown = tuple(alphabet[i] for i in np.unique(labels) if i >= len(known))
    allowed, restricted_to = (known.select("all"), None) if all_classes else _allowed(known, wanted, kind)
    return Match(
        alphabet, allowed, restricted_to, positions, labels, unknown, int(np.count_nonzero(labels >= len(known)))
    )


def _allowed(known: Alphabet, wanted: list[str], kind: str) -> tuple[np.ndarray, str | None]:
    """What the model may answer, and how to say it."""
    if all(label in known for label in wanted):
        if len(wanted) == len(known):
            return known.select("all"), None
        return known.select(wanted), f"the data set's {len(wanted)} classes" + (f" ({kind})" if kind != "all" else "")
    return known.select(kind), None if kind == "all" else kind


def _some(labels: list[str] | tuple[str, ...]) -> str:
    """A few labels, so that a sentence stays one."""
    shown = " ".join(labels[:10])
    return shown if len(labels) <= 10 else f"{shown} … ({len(labels)} classes)"
