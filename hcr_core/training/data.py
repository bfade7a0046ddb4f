"""The samples of a run: what is trained on and what is held back for validation."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES, Dataset, DatasetError, load
from hcr_core.datasets.splits import shuffled_within_classes
from hcr_core.evaluation import glyphs_of
from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training.config import TrainingConfig, TrainingError, chosen_labels

#: Validation images that the running network is shown between epochs, and those the visitor sees.
PEEKED, GALLERY = 256, 16

Part = tuple[Dataset, np.ndarray]


@dataclass(frozen=True)
class TrainingData:
    """What a run works on.

    Attributes:
        alphabet: The classes of the model; labels below are positions in it.
        parts: Data sets with the positions, int (n,), that are trained on.
        glyphs: Validation glyphs, uint8 (v, 28, 28).
        labels: Their classes, int64 (v,).
        rehearsed: Of an adaptation, data sets with the positions that keep up what its base knew.
    """

    alphabet: Alphabet
    parts: list[Part]
    glyphs: np.ndarray
    labels: np.ndarray
    rehearsed: list[Part] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """How many are trained on."""
        return sum(len(positions) for _, positions in self.parts)

    @property
    def fingerprint(self) -> int:
        """Differs where the samples or their order do."""
        checksum = zlib.crc32(self.labels.tobytes())
        for dataset, positions in self.parts:
            checksum = zlib.crc32(dataset.labels[positions].tobytes(), checksum)
        return checksum

    def mixture(self, count: int, seed: int) -> np.ndarray:
        """Positions of ``count`` validation samples at most, as evenly of all classes as there are."""
        by_class, rank = shuffled_within_classes(self.labels, seed)
        chance = np.random.default_rng(seed).permutation(len(self.alphabet))
        return by_class[np.lexsort((chance[self.labels[by_class]], rank))[:count]]


def count(data: tuple[str, ...], classes: str = "", limit: int = 0) -> int:
    """Training samples of data sets, before some are held back for validation.

    Raises ``DatasetError`` or ``AlphabetError``.
    """
    sizes = []
    for name in data:
        whole = load(name, "train")
        sizes.append(len(of_classes(whole, Alphabet(chosen_labels(whole.alphabet, classes)))[1]))
    return sum(min(size, limit or size) for size in sizes)


def gather(config: TrainingConfig) -> TrainingData:
    """Load and split the data of a run; raises ``DatasetError``, ``AlphabetError`` or ``TrainingError``."""
    parts, glyphs, labels = [], [], []
    for part, held in _splits(config):
        parts.append(glyph_part(*part))
        glyphs.append(glyphs_of(*held))
        labels.append(held[0].labels[held[1]])
    data = TrainingData(parts[0][0].alphabet, parts, np.concatenate(glyphs), np.concatenate(labels))
    if data.samples < 2 or not len(data.labels):
        raise TrainingError("there are too few images to train on some and validate on others")
    return data


def divided(config: TrainingConfig) -> tuple[int, int]:
    """How many samples a run trains on and how many it validates with; raises as ``gather``, but not for too few."""
    pairs = [(len(part[1]), len(held[1])) for part, held in _splits(config)]
    return sum(trained for trained, _ in pairs), sum(held for _, held in pairs)


def _splits(config: TrainingConfig) -> Iterator[tuple[Part, Part]]:
    """Of each data set the samples to train on and those to validate with."""
    alphabet = None
    for name in config.data:
        whole = load(name, "train")
        chosen = Alphabet(chosen_labels(whole.alphabet, config.classes))
        if alphabet not in (None, chosen):
            raise DatasetError(f"{name} and {config.data[0]} have different classes and cannot be trained on together")
        alphabet = chosen
        yield _split(config, name, *of_classes(whole, alphabet))


def of_classes(dataset: Dataset, alphabet: Alphabet) -> Part:
    """A data set with labels as positions in ``alphabet``, and where its samples of these classes are.

    Labels of other classes become -1. Raises ``DatasetError`` if there is no sample of them.
    """
    place = np.array([alphabet.index(label) if label in alphabet else -1 for label in dataset.alphabet])
    labels = place[dataset.labels]
    positions = np.flatnonzero(labels >= 0)
    if not len(positions):
        raise DatasetError(f"{dataset.name} has no image of the chosen classes")
    return replace(dataset, labels=labels, alphabet=alphabet), positions


def _split(config: TrainingConfig, name: str, dataset: Dataset, positions: np.ndarray) -> tuple[Part, Part]:
    """The samples to train on and those to validate with."""
    rng = np.random.default_rng([config.seed, zlib.crc32(name.encode())])
    positions = rng.permutation(positions)
    if config.limit:
        positions = positions[: config.limit]
    splits = ENTRIES[name].splits if name in ENTRIES else load(name).splits
    if "validation" in splits:
        return (dataset, positions), of_classes(load(name, "validation"), dataset.alphabet)
    share, most = config.recipe.validation, config.recipe.validation_limit
    if most:
        share = min(share, most / len(positions))
    labels = dataset.labels[positions]
    by_class, rank = shuffled_within_classes(labels, config.seed)
    counts = np.bincount(labels)
    wanted = np.clip(np.round(counts * share), counts > 1, None).astype(np.int64)
    held = rank < np.repeat(wanted, counts)
    return (dataset, positions[np.sort(by_class[~held])]), (dataset, positions[by_class[held]])


def glyph_part(dataset: Dataset, positions: np.ndarray) -> Part:
    """The part itself, or one of glyphs where the images have another size: they are converted once."""
    if dataset.images.shape[1:] == (GLYPH_SIZE, GLYPH_SIZE):
        return dataset, positions
    return replace(dataset.take(positions), images=glyphs_of(dataset, positions)), np.arange(len(positions))
