"""Every data set as an entry of data: what it is, whose, under which licence, where its files are."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE, Alphabet
from hcr_core.datasets import readers
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.strokes import PenStrokes

CHARACTERS = Alphabet.from_text(DIGITS + UPPERCASE + LOWERCASE)


@dataclass(frozen=True)
class Entry:
    """What is known of a data set without opening it.

    Attributes:
        name: What it is called on the command line.
        title: What it is, in a sentence.
        kind: Form of its samples: ``"glyphs"`` (28x28 images), ``"strokes"`` or ``"photos"``.
        splits: Its parts.
        licence: Terms and credit, as they have to be shown with a model trained on it.
    """

    name: str
    title: str
    kind: str
    splits: tuple[str, ...]
    licence: str


ENTRIES = {
    entry.name: entry
    for entry in (
        Entry(
            "emnist62",
            "NIST handwriting, 62 classes, put together from EMNIST byclass and bymerge test images and a slice of "
            "balanced train, split anew by content; not comparable with published EMNIST byclass figures",
            "glyphs",
            ("train", "test"),
            "NIST Special Database 19 (US public domain) through EMNIST: G. Cohen, S. Afshar, J. Tapson, "
            "A. van Schaik, 2017, arXiv:1702.05373",
        ),
        Entry(
            "unipen",
            "isolated characters as pen strokes, 62 classes, 235 writers, split by writer",
            "strokes",
            ("train", "validation", "test"),
            "UNIPEN train_r01_v07, CC BY 4.0: I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet, "
            "1994, UNIPEN project of on-line data exchange and recognizer benchmarks",
        ),
        Entry(
            "paper_chars",
            "photographed single characters on paper, 62 classes; for testing only, never trained on",
            "photos",
            ("test",),
            "for development only; not distributed",
        ),
    )
}


@dataclass(frozen=True)
class Dataset:
    """One split of a data set.

    Attributes:
        name: The registry's name.
        split: Which part this is.
        samples: uint8 (n, 28, 28) white on black for glyphs, ``PenStrokes`` with ``indices`` for
            strokes, a list of image arrays for photos.
        labels: int64 (n,): positions in ``alphabet``.
        alphabet: Its classes.
        indices: int64 (n,): which of ``samples`` belong to the split.
    """

    name: str
    split: str
    samples: np.ndarray | PenStrokes | list[np.ndarray]
    labels: np.ndarray
    alphabet: Alphabet
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def data_folder() -> Path:
    """Where data sets lie: ``HCR_DATA_DIR``, or ``data`` in the working folder."""
    return Path(os.environ.get("HCR_DATA_DIR", "data"))


def load(name: str, split: str) -> Dataset:
    """One split of a data set of the registry; raises ``DatasetError`` where it cannot be had."""
    entry = ENTRIES.get(name)
    if entry is None:
        raise DatasetError(f"unknown data set {name!r}: choose one of {', '.join(ENTRIES)}")
    if split not in entry.splits:
        raise DatasetError(f"{name} has no split {split!r}, only {', '.join(entry.splits)}")
    folder = data_folder() / name
    if not folder.is_dir():
        raise DatasetError(f"{name} is not in {data_folder().resolve()}: set HCR_DATA_DIR to the folder that holds it")
    samples, labels, indices = _READERS[entry.kind](folder, name, split)
    unknown = set(np.unique(labels)) - set(CHARACTERS.labels)
    if unknown:
        raise DatasetError(f"{name} has labels outside its alphabet: {sorted(unknown)[:5]}")
    positions = np.array([CHARACTERS.index(label) for label in labels], np.int64)
    return Dataset(name, split, samples, positions, CHARACTERS, indices)


def _read_glyphs(folder: Path, name: str, split: str):
    images, labels = readers.read_emnist(
        folder / f"{name}-{split}-images-idx3-ubyte.gz",
        folder / f"{name}-{split}-labels-idx1-ubyte.gz",
        folder / f"{name}-mapping.txt",
    )
    return images, labels, np.arange(len(labels))


def _read_strokes(folder: Path, name: str, split: str):
    strokes = PenStrokes.from_npz(folder / f"{name}_chars.npz")
    indices = np.flatnonzero(writer_splits(strokes.writers) == split)
    return strokes, strokes.labels[indices], indices


def _read_photos(folder: Path, name: str, split: str):
    images, labels = readers.read_labelled_zip(folder / f"{name}.zip")
    return images, labels, np.arange(len(labels))


_READERS = {"glyphs": _read_glyphs, "strokes": _read_strokes, "photos": _read_photos}


def writer_splits(writers: np.ndarray) -> np.ndarray:
    """Split of every sample by a checksum of its writer's name, so that no writer is in two.

    A fifth of the writers is for testing, a twentieth for validation; str (n,).
    """
    names, inverse = np.unique(writers, return_inverse=True)
    buckets = np.array([zlib.crc32(str(name).encode()) % 20 for name in names])
    return np.select([buckets < 4, buckets == 4], ["test", "validation"], "train")[inverse]
