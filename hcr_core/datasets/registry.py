"""From a name to a loaded data set: bundled, in the data folder, imported by the user, or written here."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

# As in ``mine``: nothing of it is named before both are there.
from hcr_core import corrections
from hcr_core.datasets import bundled, mine, readers, store
from hcr_core.datasets.dataset import Dataset
from hcr_core.datasets.entries import CHARACTERS, ENTRIES, Entry
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.places import cache_folder, data_folder, imported_folder
from hcr_core.datasets.readers.block import Block
from hcr_core.datasets.readers.idx import idx_blocks, read_mapping
from hcr_core.datasets.rendering import rendered
from hcr_core.datasets.splits import writer_splits
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.preprocessing import INK_VERSION
from hcr_core.preprocessing import VERSION as PREPROCESSING

__all__ = ["CHARACTERS", "ENTRIES", "Dataset", "Entry", "available", "load", "writer_splits"]

Progress = Callable[[float], None]


def load(name: str, split: str | None = None, progress: Progress = lambda fraction: None) -> Dataset:
    """A data set by name.

    The first call reads its source and writes the cache; later ones map the cache into memory.

    Args:
        name: Of an entry, of a data set that the user imported, or ``"mine"``: see ``mine``.
        split: ``"train"``, ``"validation"`` or ``"test"``; ``None`` for all of it.
        progress: Called with the share that is done while the source is read.

    Raises:
        DatasetError: Unknown, not on this machine, damaged, or without such a split.

    >>> load("digits", "test").images.shape
    (359, 28, 28)
    """
    entry = ENTRIES.get(name)
    if entry is None:
        dataset = _own(name)
    else:
        if split is not None and split not in entry.splits:
            raise DatasetError(f"{name} has no split {split!r}, only {', '.join(entry.splits)}")
        dataset = _cached(entry, split, progress)
    return dataset if split is None else dataset.part(split)


def _own(name: str) -> Dataset:
    """What the user imported, or wrote and corrected; an imported set may be called ``"mine"`` too, and comes first."""
    if name in imported():
        return store.read(imported_folder() / name)
    if name == mine.MINE and corrections.collecting():
        return mine.load()
    raise DatasetError(f"unknown data set {name!r}: choose one of {', '.join(dict.fromkeys((*ENTRIES, *available())))}")


def available() -> list[str]:
    """Names of what can be loaded on this machine without a download: entries, imported sets, ``"mine"``."""
    known = [name for name, entry in ENTRIES.items() if entry.bundled or sources(entry)]
    own = imported()
    # Whoever asks for it is told why it cannot be used; all the others are there nevertheless.
    with suppress(DatasetError):
        own += [mine.MINE] if mine.is_there() else []
    return known + list(dict.fromkeys(own))


def imported() -> list[str]:
    """Names of the data sets that the user imported, in order."""
    return sorted(meta.parent.name for meta in imported_folder().glob(f"[!.]*/{store.META}"))


def sources(entry: Entry) -> list[tuple[str, Path]]:
    """The files of an entry that are there, by split: in its folder, or in the data folder itself."""
    for folder in (data_folder() / entry.name, data_folder()):
        found = [
            (split, path) for split, name in entry.files if (path := _with_or_without_gz(folder / name)) is not None
        ]
        if found:
            return found
    return []


def _with_or_without_gz(path: Path) -> Path | None:
    choices = [path, path.with_suffix("")] if path.suffix == ".gz" else [path]
    return next((choice for choice in choices if choice.is_file()), None)


def _cached(entry: Entry, split: str | None, progress: Progress) -> Dataset:
    found = sources(entry)
    if not entry.bundled and not found:
        get = f"run `python -m hcr_core data get {entry.name}`, or " if entry.download else ""
        raise DatasetError(
            f"{entry.name} is not in {data_folder().resolve()}: {get}set HCR_DATA_DIR to the folder that holds it"
        )
    whole = cache_folder() / _key(entry, found, None)
    # Rendering takes a third of a millisecond an image: a single split does not wait for the others.
    alone = split if entry.format == "strokes" and store.read_meta(whole) is None else None
    folder = whole if alone is None else cache_folder() / _key(entry, found, alone)
    try:
        return store.read(folder)
    except DatasetError:
        pass  # not there, or damaged: written anew, and replaced as a whole, since others may be reading or writing it
    blocks, strokes = _blocks(entry, found, alone)
    where = [str(path) for _, path in found]
    facts = {
        "name": entry.name,
        "source": ", ".join(where) or f"bundled ({entry.format})",
        "licence": entry.licence,
        "files": where,
        "part": alone,
    }
    store.write(
        folder, blocks, facts, alphabet=entry.alphabet, strokes=strokes, progress=progress, polarity=_polarity(entry)
    )
    _drop_stale(folder, entry, where, alone)
    return store.read(folder)


def _polarity(entry: Entry) -> readers.Polarity:
    """Rendered glyphs are white on black whatever their border looks like."""
    return "white-on-black" if entry.format in ("strokes", "pictures", "uci-digits", "synthetic") else "auto"


def _key(entry: Entry, found: list[tuple[str, Path]], part: str | None) -> str:
    """Name of an entry's cache: changes with its files and with the code that made its images."""
    files = [(split, str(path), path.stat().st_size, path.stat().st_mtime_ns) for split, path in found]
    rendered = entry.format in ("strokes", "pictures", "synthetic")
    found_by = INK_VERSION if entry.format == "pictures" else None
    made_by = (PREPROCESSING if rendered else None, found_by, bundled.VERSION if entry.bundled else None)
    text = json.dumps([store.VERSION, files, made_by, part])
    return f"{entry.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _drop_stale(kept: Path, entry: Entry, files: list[str], part: str | None) -> None:
    """Remove what was cached of the same files when they were different."""
    for folder in cache_folder().glob(f"{entry.name}-*"):
        meta = store.read_meta(folder)
        if folder != kept and meta is not None and (meta["files"], meta["part"]) == (files, part):
            shutil.rmtree(folder, ignore_errors=True)


def _blocks(entry: Entry, found: list[tuple[str, Path]], part: str | None) -> tuple[Iterator[Block], PenStrokes | None]:
    """The samples of an entry, and the pen strokes behind them."""
    if entry.format == "uci-digits":
        return bundled.uci_digits(), None
    if entry.format == "synthetic":
        strokes = bundled.synthetic_strokes(bundled.PER_CLASS)
        return rendered(strokes, np.full(len(strokes), "")), strokes
    if entry.format == "strokes":
        strokes = PenStrokes.from_npz(found[0][1])
        splits = writer_splits(strokes.writers)
        wanted = [part] if part else ["train", "validation", "test"]
        rows = np.concatenate([np.flatnonzero(splits == split) for split in wanted])
        strokes = strokes.take(rows)
        return rendered(strokes, splits[rows]), strokes
    return _file_blocks(entry, found), None


def _file_blocks(entry: Entry, found: list[tuple[str, Path]]) -> Iterator[Block]:
    for number, (split, path) in enumerate(found):
        if entry.format == "idx":
            blocks = idx_blocks(path, _idx_names(entry, path), transposed=entry.transposed, split=split)
        else:
            blocks = readers.blocks_of(path)
        for block in blocks:
            fraction = (number + block.fraction) / len(found)
            yield Block(block.images, _renamed(entry, block.labels), split or block.split, block.writers, fraction)


def _idx_names(entry: Entry, images: Path) -> dict[int, str]:
    """Label of every number: by the mapping file where there is one, else by the entry."""
    mapping = images.with_name(images.name.split("-images-idx3")[0].rsplit("-", 1)[0] + "-mapping.txt")
    if mapping.is_file():
        return read_mapping(mapping)
    return dict(enumerate(entry.alphabet, entry.first_label))


def _renamed(entry: Entry, labels: np.ndarray) -> np.ndarray:
    """Numbered labels of a CSV or npz as the entry's classes (0 is A in the A-Z set)."""
    if entry.format not in ("csv", "npz"):
        return labels
    names = {str(i): label for i, label in enumerate(entry.alphabet, entry.first_label)}
    values, inverse = np.unique(labels, return_inverse=True)
    return np.array([names.get(value, value) for value in values.tolist()])[inverse]
