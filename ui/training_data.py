"""What can be trained on, looked up once and shared by visitors."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES
from hcr_core.training import data
from hcr_core.training.augmentation import STRENGTHS, random_glyph
from hcr_core.training.config import TrainingConfig, chosen_labels
from hcr_core.training.estimate import Estimate, expected
from hcr_core.training.job import Run
from hcr_core.training.progress import Watch
from ui.data import data_sets, kind_counts, training_part

#: Data sets that are better together.
_TOGETHER = (("emnist62", "unipen"),)
KIND_NAMES = {
    "": "All",
    "digits": "Digits",
    "letters": "Letters",
    "uppercase": "Capitals",
    "lowercase": "Small letters",
}
#: Variations shown beside each real sample.
VARIATIONS = 3
#: Seconds that a first training should take: long enough to watch, short enough to wait for.
QUICK_SECONDS = 100
#: Fewer passes over the data show little of how it learns: rather fewer images.
_FEW_PASSES = 4
#: Images per step of a quick training, at most.
_QUICK_BATCH = 64


def trainable() -> list[tuple[str, ...]]:
    """Data sets that are here and have samples to train on, and those that go well together."""
    names = [name for name in data_sets() if name not in ENTRIES or "train" in ENTRIES[name].splits]
    return [(name,) for name in names] + [group for group in _TOGETHER if set(group) <= set(names)]


def kinds(alphabet: Alphabet) -> dict[str, int]:
    """The kinds of classes to choose from (``""``: all), with how many classes each has."""
    counts = {"" if kind == "all" else kind: count for kind, count in kind_counts(alphabet).items()}
    return {kind: count for kind, count in counts.items() if count > 1 or not kind}


@st.cache_data(show_spinner=False, max_entries=128)
def sample_counts(names: tuple[str, ...], classes: str) -> list[int]:
    """Training samples of each data set that are of the chosen classes."""
    parts = [training_part(name) for name in names]
    return [len(data.of_classes(part, Alphabet(chosen_labels(part.alphabet, classes)))[1]) for part in parts]


def divided(config: TrainingConfig) -> tuple[int, int]:
    """Samples that a run will train on and validate with."""
    shares = (config.recipe.validation, config.recipe.validation_limit)
    return _divided(config.data, config.classes, config.limit, config.seed, shares, config)


@st.cache_data(show_spinner=False, max_entries=128)
def _divided(
    names: tuple[str, ...], classes: str, limit: int, seed: int, shares: tuple, _config: TrainingConfig
) -> tuple[int, int]:
    return data.divided(_config)


@st.cache_data(show_spinner=False, max_entries=64)
def preview(
    name: str, classes: str, strength: str, count: int, seed: int
) -> list[tuple[np.ndarray, list[np.ndarray], str]]:
    """Real samples, uint8 (H, W), variations of each, uint8 (28, 28), if there are any, and their labels."""
    part = training_part(name)
    part, positions = data.of_classes(part, Alphabet(chosen_labels(part.alphabet, classes)))
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(positions, min(count, len(positions)), replace=False))
    settings = STRENGTHS[strength]
    rows = []
    for position in rng.permutation(chosen):
        varied = [] if settings is None else [random_glyph(part, position, rng, settings) for _ in range(VARIATIONS)]
        rows.append((np.asarray(part.images[position]), varied, part.alphabet[int(part.labels[position])]))
    return rows


def estimate(config: TrainingConfig, samples: int, classes: int) -> Estimate:
    """``expected``, looked up again only after half a minute: it reads the logs of earlier runs."""
    return _estimate(config.architecture, config.precision, config.recipe, samples, classes, config)


@st.cache_data(show_spinner=False, ttl=30, max_entries=256)
def _estimate(
    architecture: str, precision: str, recipe, samples: int, classes: int, _config: TrainingConfig
) -> Estimate:
    return expected(_config, samples, classes)


@dataclass(frozen=True)
class Pace:
    """How long to train: passes over the data, images per step, most images of each data set (0: all)."""

    passes: int
    batch: int
    limit: int = 0

    def __str__(self) -> str:
        return f"{self.passes} pass{'es' * (self.passes > 1)}" + ", a part of the images" * bool(self.limit)


def quick(config: TrainingConfig, counts: list[int], classes: int) -> Pace:
    """What fits into ``QUICK_SECONDS``: the run's passes over all its images, or fewer, or over fewer images."""
    samples, designed = sum(counts), Pace(config.recipe.epochs, config.recipe.batch)
    if estimate(config, samples, classes).seconds <= QUICK_SECONDS:
        return designed
    # Few images are learned from in many small steps rather than in a few large ones.
    batch = min(designed.batch, _QUICK_BATCH)
    config = replace(config, recipe=replace(config.recipe, batch=batch))
    nothing = estimate(config, 0, classes).seconds
    each = (estimate(config, samples, classes).seconds - nothing) / max(samples * designed.passes, 1)
    fit = max(QUICK_SECONDS - nothing, 20) / max(each, 1e-9)
    if fit >= _FEW_PASSES * samples:
        return Pace(min(int(fit / samples), designed.passes), batch)
    passes = min(_FEW_PASSES, designed.passes)
    return Pace(passes, batch, max(1000, int(fit / passes / len(counts)) // 1000 * 1000))


@st.cache_resource(show_spinner=False, max_entries=100)
def _watch(folder: str, _run: Run) -> Watch:
    return Watch(_run)


def watch(run: Run) -> Watch:
    """A run's progress, folded once for all visitors."""
    return _watch(str(run.folder), run)
