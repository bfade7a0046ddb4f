"""What a model is adapted with: the samples of a hand, and others that keep up what it knew."""

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES, Dataset, available, load
from hcr_core.datasets.dataset import SPLITS
from hcr_core.evaluation import glyphs_of
from hcr_core.model_store import open_model
from hcr_core.training.architectures import Recipe
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.data import Part, TrainingData, glyph_part, of_classes

#: Samples from which on a hand can be adapted to.
LEAST = 20
#: Where a data set holds nothing back, one sample in so many is.
_HELD_BACK = 5
#: Drawn by code: what is rehearsed where nothing of what the base learned from is here.
_STAND_IN = "synthetic"

#: Chosen on the validation writers of unipen, see ``benchmarks/adaptation.md``.
RECIPE = Recipe(
    epochs=10,
    batch=192,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    augment="light",
    label_smoothing=0.05,
)
#: Batches of an epoch, and the share of each that is new.
STEPS, NEW_SHARE = 20, 1 / 3
#: How far the label of a new sample is what was told; the rest is what the base makes of it.
TOLD = 0.7
#: How far to go from the base where what it learned from is not here: characters drawn by code keep less of it.
_PART_OF_THE_WAY = 0.8


def adaptation(name: str, base: str, data: str = "mine", writer: str | None = None, **own) -> TrainingConfig:
    """A run that adapts a copy of a model to a hand.

    Args:
        name: What the adapted model is called.
        base: The model of the store to begin with.
        data: A data set with the hand's samples.
        writer: Whose samples of it; ``None``: all.
        own: Other attributes of the run: ``store``, ``seed`` ...

    Raises:
        ModelError: No such model.
        TrainingError: A name that cannot be.
    """
    architecture = open_model(base).card.get("architecture", {}).get("name", "unknown")
    return TrainingConfig(name, (data,), architecture, RECIPE, base=base, writer=writer, **own)


def of_writer(dataset: Dataset, writer: str | None) -> np.ndarray:
    """Positions of a writer's samples, int64 (n,); all where ``writer`` is ``None``."""
    if writer is None:
        return np.arange(len(dataset))
    return np.flatnonzero(dataset.writers == writer) if dataset.writers is not None else np.empty(0, np.int64)


def known_samples(alphabet: Alphabet, dataset: Dataset, writer: str | None) -> np.ndarray:
    """Positions of a writer's samples whose classes a model knows, int64 (n,)."""
    known = np.array([label in alphabet for label in dataset.alphabet])
    mine = of_writer(dataset, writer)
    return mine[known[dataset.labels[mine]]]


def gather(config: TrainingConfig) -> TrainingData:
    """The data of a run that adapts a model.

    Raises ``DatasetError`` where it is not there, ``ModelError`` without the base, ``TrainingError`` where it has
    too few samples of what the base knows.
    """
    base, dataset = open_model(config.base), load(config.data[0])
    rows = known_samples(base.alphabet, dataset, config.writer)
    if len(rows) < LEAST:
        whose = f" of {config.writer}" if config.writer else ""
        raise TrainingError(f"adapting takes {LEAST} samples{whose} of characters that {config.base} knows")
    dataset, _ = of_classes(dataset, base.alphabet)
    training, held = _divided(dataset, rows, config.seed)
    glyphs, labels = glyphs_of(dataset, held), dataset.labels[held]
    return TrainingData(base.alphabet, [(dataset, training)], glyphs, labels, rehearsed(base.card, config.data))


def _divided(dataset: Dataset, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions to train on and to hold back, both sorted."""
    held = dataset.split[rows] != SPLITS[0]
    if not held.any():
        held = np.zeros(len(rows), bool)
        held[np.random.default_rng(seed).permutation(len(rows))[: len(rows) // _HELD_BACK]] = True
    return rows[~held], rows[held]


def rehearsed(card: dict, new: tuple[str, ...] = ()) -> list[Part]:
    """What a model learned from but for the ``new`` data, as far as it is here; else characters drawn by code.

    Where there are scans, other people's pen strokes are left out: drawn as the new hand's are, they would hold back
    what is to change.
    """
    here = set(available()) - set(new)
    known = [entry["name"] for entry in card.get("data", []) if entry.get("name") in here]
    scans = [name for name in known if name not in ENTRIES or ENTRIES[name].format != "strokes"]
    names = scans or known or [_STAND_IN]
    return [glyph_part(part, np.arange(len(part))) for part in (load(name, "train") for name in names)]


def remembers(card: dict) -> bool:
    """Whether anything that a model learned from is here, so that it is not forgotten when the model adapts."""
    return not {entry.get("name") for entry in card.get("data", [])}.isdisjoint(available())


def way(data: TrainingData) -> float:
    """How far an adaptation goes from its base, 0-1."""
    return _PART_OF_THE_WAY if all(dataset.name == _STAND_IN for dataset, _ in data.rehearsed) else 1.0
