"""The user's own data sets: from any file the readers know to a name that ``load`` knows."""

import shutil
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hcr_core.atomic import FOLDER_NAME, remove_folder
from hcr_core.datasets import mine, store
from hcr_core.datasets.dataset import Dataset
from hcr_core.datasets.entries import ENTRIES
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.places import imported_folder
from hcr_core.datasets.readers import POLARITIES, Polarity, blocks_of
from hcr_core.datasets.readers.block import is_black_on_white
from hcr_core.public import refuse_in_public

#: Bytes of a CSV that are parsed for a look at its first rows.
_PEEK = 1 << 16


class Preview(NamedTuple):
    """The first rows of a file: their labels, and their images, uint8 (rows, H, W) white on black."""

    labels: list[str]
    images: np.ndarray


def import_dataset(
    path: str | Path,
    name: str,
    label_column: str | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
    *,
    polarity: Polarity = "auto",
    split: str | None = None,
    source: str | None = None,
    dry_run: bool = False,
) -> Dataset:
    """Read a file or folder (see ``readers.blocks_of``) and keep it under a name.

    Args:
        path: CSV, npz, idx, ZIP or folder.
        name: What to call it: letters, digits, - and _; one imported before is replaced.
        label_column: For a CSV ``"first"``, ``"last"`` or a header's name; ``None`` finds out.
        progress: Called with the share that is done.
        polarity: ``"auto"`` looks at the images' borders; they are kept white on black.
        split: ``"stratified"``, ``"balanced"`` or ``"writer"`` for a source without splits;
            ``None`` goes by writer where writers are known, else stratified.
        source: Where it is said to come from; ``None`` for the path.
        dry_run: Read and check all of it, keep nothing.

    Returns:
        The data set, memory-mapped, also after a dry run (its file is gone then; use it at once).

    Raises:
        DatasetError: With file, line and reason. Nothing is kept then.
    """
    refuse_in_public("Importing", DatasetError)
    path = Path(path)
    _check(name, polarity, split)
    source = source or str(path.resolve())
    facts = {"name": name, "source": source, "licence": "your own data", "imported": str(date.today())}
    folder = imported_folder() / name
    if not dry_run:
        return _kept(folder, path, label_column, facts, polarity, split, progress)
    trial = folder.with_name(f".trial-{name}-{zlib.crc32(str(path).encode()):08x}")
    try:
        return _kept(trial, path, label_column, facts, polarity, split, progress)
    finally:
        # The memory map outlives its file on Linux and macOS; nothing else refers to it.
        shutil.rmtree(trial, ignore_errors=True)


def _kept(
    folder: Path,
    path: Path,
    label_column: str | None,
    facts: dict,
    polarity: Polarity,
    split: str | None,
    progress: Callable[[float], None],
) -> Dataset:
    try:
        blocks = blocks_of(path, label_column)
        store.write(folder, blocks, facts, polarity=polarity, rule=split, progress=progress)
    except DatasetError as error:
        # What only the whole shows (images of two sizes ...) does not name the file yet.
        text = str(error)
        known = text.startswith((str(path), str(folder.parent)))
        raise DatasetError(text if known else f"{path}: {text}") from None
    return store.read(folder)


def _check(name: str, polarity: str, split: str | None) -> None:
    if not FOLDER_NAME.fullmatch(name):
        raise DatasetError(f"{name!r} is no name for a data set: letters, digits, - and _, at most 64")
    if name in ENTRIES:
        raise DatasetError(f"{name!r} is the name of a known data set: choose another")
    if name == mine.MINE and mine.is_there():
        raise DatasetError(f"{name!r} is what was written and corrected here: choose another name")
    if polarity not in POLARITIES:
        raise DatasetError(f"unknown polarity {polarity!r}: choose one of {', '.join(POLARITIES)}")
    if split is not None and split not in store.RULES:
        raise DatasetError(f"unknown way to split {split!r}: choose one of {', '.join(store.RULES)}")


def preview(path: str | Path, label_column: str | None = None, rows: int = 5) -> Preview:
    """The first rows of a file before it is imported; reads no more of a CSV than it must.

    Raises ``DatasetError`` as ``import_dataset`` does for what is wrong in those rows.
    """
    refuse_in_public("Importing", DatasetError)
    labels: list[str] = []
    images: list[np.ndarray] = []
    for block in blocks_of(Path(path), label_column, piece=_PEEK):
        wanted = rows - len(labels)
        labels += block.labels[:wanted].tolist()
        images.append(255 - block.images[:wanted] if is_black_on_white(block.images) else block.images[:wanted])
        if len(labels) >= rows:
            break
    return Preview(labels, np.concatenate(images))


def imported_on(name: str) -> str:
    """The day on which a data set was imported, as YYYY-MM-DD; empty where that is not known."""
    day = (store.read_meta(imported_folder() / name) or {}).get("imported")
    return day if isinstance(day, str) else ""


def imported_revision(name: str) -> int:
    """Differs whenever another data set was imported under a name; 0 where there is none."""
    try:
        return (imported_folder() / name / store.META).stat().st_mtime_ns
    except OSError:
        return 0


def remove(name: str) -> None:
    """Delete an imported data set; raises ``DatasetError`` where there is none of that name."""
    refuse_in_public("Deleting", DatasetError)
    folder = imported_folder() / name
    if not FOLDER_NAME.fullmatch(name) or not (folder / store.META).is_file():
        raise DatasetError(f"there is no imported data set {name!r}")
    try:
        remove_folder(folder)
    except OSError as error:
        raise DatasetError(f"{name} cannot be deleted ({error.strerror})") from None
