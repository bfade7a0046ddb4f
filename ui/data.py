"""Data sets and what is computed of them, kept between reruns and shared by visitors."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import streamlit as st

from hcr_core import Recognizer, exploration
from hcr_core.alphabet import KINDS, Alphabet, AlphabetError
from hcr_core.corrections import revision
from hcr_core.datasets import Dataset, DatasetError, available, load
from hcr_core.datasets.imported import imported_revision
from hcr_core.datasets.mine import MINE
from hcr_core.datasets.registry import imported
from hcr_core.model_store import ModelError, StoredModel, model_names, open_model
from hcr_core.preprocessing import GLYPH_SIZE

#: Most images that pairwise comparisons and maps look at: a second's work on two cores.
SAMPLE = 5000
_SEED = 1
#: Results with a progress bar that are kept at most.
_KEPT = 16


#: The model that reads unless another is chosen.
SHIPPED_MODEL = "characters"


def recognizer(name: str = SHIPPED_MODEL) -> Recognizer:
    """A model by its name, loaded anew when another was saved under it; raises ``ModelError``."""
    return recognizer_of(open_model(name))


def recognizer_of(model: StoredModel) -> Recognizer:
    """A stored model, loaded once; raises ``ModelError``."""
    return _recognizer(str(model.folder), str(model.card["files"]), model)


@st.cache_resource(show_spinner="Loading the model …", max_entries=8)
def _recognizer(folder: str, checksums: str, _model: StoredModel) -> Recognizer:
    return Recognizer(_model)


def readable_models() -> tuple[list[str], list[str]]:
    """Names of the models that can read, the shipped one first, and a sentence for each that cannot."""
    readable, damaged = [], []
    for name in model_names():
        try:
            recognizer(name)
            readable.append(name)
        except ModelError as error:
            damaged.append(str(error))
    readable.sort(key=lambda name: name != SHIPPED_MODEL)
    return readable, damaged


def data_sets() -> list[str]:
    """Names of the data sets on this machine; what is kept of one's own is dropped if any of them has changed.

    Another server, or the command line, may have changed them: this one is not told.
    """
    now: dict[str, str | int] = {name: imported_revision(name) for name in imported()}
    with suppress(DatasetError):  # the Teach page says what is wrong with it
        now.setdefault(MINE, revision())  # an imported set may be called so, too, and comes first
    seen = _seen()
    if any(seen.get(name, known) != known for name, known in now.items()):
        forget()
    seen.update(now)
    return available()


@st.cache_resource(show_spinner=False)
def _seen() -> dict[str, str | int]:
    """Revisions of one's own data sets by their names, as they were when they were last looked up."""
    return {}


def kind_counts(alphabet: Alphabet) -> dict[str, int]:
    """How many classes each kind has (see ``alphabet.KINDS``), where that restricts the choice, and ``"all"``."""
    counts = {"all": len(alphabet)}
    for kind in KINDS:
        with suppress(AlphabetError):
            count = int(alphabet.select(kind).sum())
            if count < len(alphabet):
                counts[kind] = count
    return counts


@st.cache_resource(show_spinner="Loading the data set …", max_entries=8)
def dataset(name: str) -> Dataset:
    """A data set of the registry, all splits; raises ``DatasetError``."""
    return load(name)


@st.cache_resource(show_spinner=False, max_entries=4)
def part(name: str, split: str) -> Dataset:
    """One split of a data set; raises ``DatasetError``."""
    return dataset(name).part(split)


@st.cache_resource(show_spinner="Loading the data set …", max_entries=8)
def training_part(name: str) -> Dataset:
    """The samples of a data set that may be trained on; raises ``DatasetError``."""
    return load(name, "train")


@st.cache_data(show_spinner=False, max_entries=64)
def counts(name: str) -> dict[str, np.ndarray]:
    """Images of each class, int64 (classes,), by split, in the order of ``SPLITS``."""
    data = dataset(name)
    return {
        split: exploration.class_counts(data.labels[data.split == split], len(data.alphabet)) for split in data.splits
    }


@st.cache_data(show_spinner=False, max_entries=16)
def sample(name: str, limit: int = SAMPLE) -> np.ndarray:
    """Positions of a sample with all classes as nearly equal as can be, int64 (m,)."""
    return exploration.stratified_sample(dataset(name).labels, limit, _SEED)


@st.cache_data(show_spinner="Comparing shapes …", max_entries=8)
def features(name: str) -> np.ndarray:
    """``exploration.features`` of the sample."""
    return exploration.features(dataset(name).images[sample(name)])


@st.cache_data(show_spinner="Measuring the ink …", max_entries=8)
def ink(name: str) -> exploration.InkStatistics:
    """``exploration.ink_statistics`` of the sample."""
    return exploration.ink_statistics(dataset(name).images[sample(name)])


@st.cache_data(show_spinner="Sorting by likeness …", max_entries=64)
def typicality(name: str, label: int) -> np.ndarray:
    """Positions of one class's images, at most 1,500, from typical to unusual."""
    positions = np.sort(exploration.class_sample(dataset(name).labels, label, 1500, _SEED))
    return positions[exploration.by_typicality(dataset(name).images[positions])]


@st.cache_data(show_spinner=False, max_entries=64)
def average(name: str, label: int) -> np.ndarray:
    """The average of at most 2,000 images of one class, uint8 (H, W)."""
    return exploration.mean_image(
        dataset(name).images[np.sort(exploration.class_sample(dataset(name).labels, label, 2000, _SEED))]
    )


@st.cache_data(show_spinner=False, max_entries=8)
def lookalikes(name: str) -> np.ndarray:
    """``exploration.lookalike_classes`` of the sample."""
    data = dataset(name)
    return exploration.lookalike_classes(features(name), data.labels[sample(name)], len(data.alphabet))


@st.cache_data(show_spinner=False, max_entries=64)
def nearest_pairs(name: str, first: int, second: int) -> np.ndarray:
    """``exploration.nearest_pairs`` of the sample, as positions in the set, int64 (<= 10, 2)."""
    labels = dataset(name).labels[sample(name)]
    return sample(name)[exploration.nearest_pairs(features(name), labels, first, second, 10)]


def is_known(name: str) -> bool:
    """Whether the shipped model knows a data set's classes and size, and so can judge its labels."""
    data = dataset(name)
    return data.images.shape[1:] == (GLYPH_SIZE, GLYPH_SIZE) and set(data.alphabet) <= set(recognizer().alphabet)


def suspicions(name: str, limit: int) -> exploration.Suspicions:
    """Labels the shipped model contradicts among at most ``limit`` images, with a progress bar."""
    return _with_progress(_suspicions, "Asking the shipped model …", name, limit)


def _suspicions(name: str, limit: int, progress: Callable[[float], None]) -> exploration.Suspicions:
    data, model, positions = dataset(name), recognizer(), sample(name, limit)
    known = [model.alphabet.index(label) for label in data.alphabet]
    parts = []
    for start in range(0, len(positions), 4000):
        parts.append(model.classify(np.asarray(data.images[positions[start : start + 4000]]))[:, known])
        progress(min(1.0, (start + 4000) / len(positions)))
    probabilities = np.concatenate(parts)
    probabilities /= np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-9)
    found = exploration.suspicious_labels(probabilities, data.labels[positions], data.alphabet.shape_groups)
    return replace(found, positions=positions[found.positions])


@st.cache_data(show_spinner="Looking for equal images …", max_entries=8)
def exact_duplicates(name: str) -> list[np.ndarray]:
    """``exploration.exact_duplicates`` of the whole set."""
    return exploration.exact_duplicates(dataset(name).images)


@st.cache_data(show_spinner="Looking for images that are nearly equal …", max_entries=16)
def near_duplicates(name: str, likeness: float) -> tuple[np.ndarray, np.ndarray]:
    """``exploration.near_duplicates`` of the sample, as positions in the set."""
    pairs, cosines = exploration.near_duplicates(features(name), likeness)
    return sample(name)[pairs], cosines


@st.cache_data(show_spinner=False, max_entries=8)
def components(name: str) -> np.ndarray:
    """Principal components of the sample, float32 (m, components)."""
    return exploration.principal_components(features(name))


def neighbour_map(name: str, limit: int) -> np.ndarray:
    """``exploration.neighbour_map`` of at most ``limit`` images, with a progress bar."""
    return _with_progress(_neighbour_map, "Arranging the images so that neighbours are near …", name, limit)


def _neighbour_map(name: str, limit: int, progress: Callable[[float], None]) -> np.ndarray:
    images = dataset(name).images[sample(name, limit)]
    vectors = exploration.principal_components(exploration.features(images))
    return exploration.neighbour_map(vectors, _SEED, progress)


def forget() -> None:
    """Drop everything kept of data sets: to be called when one was replaced by another of its name."""
    dataset.clear()
    part.clear()
    training_part.clear()
    st.cache_data.clear()
    _finished().clear()


@st.cache_resource(show_spinner=False)
def _finished() -> dict:
    return {}


def _with_progress(compute: Callable, text: str, name: str, limit: int):
    """What ``compute(name, limit, progress)`` gives, computed once and kept for all visitors.

    Not with ``st.cache_data``: it plays back what a cached function showed, and a bar made outside
    of it is an error at the second call.
    """
    results, key = _finished(), (compute.__name__, name, limit)
    result = results.get(key)
    if result is None:
        bar = st.progress(0.0, text)
        result = results[key] = compute(name, limit, bar.progress)
        bar.empty()
        while len(results) > _KEPT:
            results.pop(next(iter(results)), None)
    return result
