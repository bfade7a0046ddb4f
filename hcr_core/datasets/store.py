"""A loaded data set on disk: memory-mapped arrays beside a small JSON, written once.

A folder holds ``images.npy`` (uint8 n, H, W), ``labels.npy`` (int64), ``split.npy`` (uint8,
positions in the sorted ``SPLITS``), where known ``writers.npy`` and the arrays of the pen strokes, and
``meta.json``. It is written under another name and renamed, so it is there whole or not at all.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.atomic import written_aside
from hcr_core.datasets.dataset import SPLITS, Dataset
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import ARRAY_DAMAGE
from hcr_core.datasets.readers.block import MAX_SAMPLES, Block, Polarity, is_black_on_white, short
from hcr_core.datasets.splits import balanced_splits, stratified_splits, writer_splits
from hcr_core.datasets.strokes import PenStrokes

#: Of the folder's layout; another version is read anew from its source.
VERSION = 1
META = "meta.json"
#: A label column with more different values than this is something else (a name, a number).
MAX_CLASSES = 20_000
RULES = ("stratified", "balanced", "writer")
_STROKE_ARRAYS = ("points", "stroke_starts", "sample_starts")
_SPLITS = np.sort(SPLITS)
#: What a block says of its split, "" where the source does not say; one byte a sample while a source is read.
_PARTS = ("", *SPLITS)
_HEADER = 128


class _ImageFile:
    """An ``.npy`` of images that grows block by block; its header is completed at the end."""

    def __init__(self, path: Path):
        self._file = open(path, "wb")  # noqa: SIM115 - closed by ``close``
        self._file.write(b" " * _HEADER)
        self.shape: tuple[int, int] | None = None
        self.count = 0

    def append(self, images: np.ndarray) -> None:
        if self.shape is None:
            self.shape = images.shape[1:]
        elif self.shape != images.shape[1:]:
            sizes = [f"{height} x {width}" for height, width in (self.shape, images.shape[1:])]
            raise DatasetError(f"image {self.count + 1} has {sizes[1]} pixels, those before it {sizes[0]}")
        self._file.write(np.ascontiguousarray(images))
        self.count += len(images)

    def close(self) -> None:
        """Write the header (NumPy's format 1.0: magic, version, length, a Python dictionary)."""
        if self.shape is not None:
            text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {(self.count, *map(int, self.shape))}, }}"
            header = b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little")
            self._file.seek(0)
            self._file.write(header + text.ljust(_HEADER - 11).encode() + b"\n")
        self._file.close()


class _Labels:
    """Text labels as positions, in the order in which the classes appear."""

    def __init__(self):
        self._position: dict[str, int] = {}
        self._parts: list[np.ndarray] = []

    def append(self, labels: np.ndarray) -> None:
        values, inverse = np.unique(labels, return_inverse=True)
        table = [self._position.setdefault(value, len(self._position)) for value in values.tolist()]
        if len(self._position) > MAX_CLASSES:
            raise DatasetError(f"more than {MAX_CLASSES:,} different labels; is this the column of the labels?")
        self._parts.append(np.array(table, np.int32)[inverse])

    def finish(self, alphabet: Alphabet | None) -> tuple[np.ndarray, Alphabet]:
        """Positions, int64 (n,), in ``alphabet``, or in one of the labels found, in order."""
        if alphabet is None:
            alphabet = Alphabet(tuple(in_order(self._position)))
        unknown = [label for label in self._position if label not in alphabet]
        if unknown:
            raise DatasetError(f"labels outside its alphabet: {', '.join(map(repr, unknown[:5]))}")
        table = np.array([alphabet.index(label) for label in self._position], np.int64)
        return table[np.concatenate(self._parts)], alphabet


def in_order(labels: Iterable[str]) -> list[str]:
    """Numbers by their value, text by code point (0-9, A-Z, a-z, then other scripts)."""
    labels = list(labels)
    if all(label.isascii() and label.isdecimal() for label in labels):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)


def write(
    target: Path,
    blocks: Iterable[Block],
    facts: dict,
    *,
    alphabet: Alphabet | None = None,
    polarity: Polarity = "auto",
    rule: str | None = None,
    strokes: PenStrokes | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Write a data set, holding no more than a block of its images in memory.

    Args:
        target: The folder that it becomes.
        blocks: Its samples.
        facts: ``name``, ``source``, ``licence`` and whatever else belongs into ``meta.json``.
        alphabet: Its classes where they are known beforehand.
        polarity: Of the source; ``"auto"`` looks at the first block's borders.
        rule: One of ``RULES``, for a source without splits; ``None`` goes by writer where writers
            are known, else stratified.
        strokes: The pen strokes behind the images, in the same order.
        progress: Called with the share that is done.

    Raises:
        DatasetError: What the reader raises, images of two sizes, labels outside the alphabet, no
            room. Nothing is left behind.
    """
    try:
        with written_aside(target) as folder:
            shape, labels, splits, writers = _gather(folder, blocks, polarity, progress)
            positions, alphabet = labels.finish(alphabet)
            split = _split(splits, positions, writers, rule)
            np.save(folder / "labels.npy", positions)
            np.save(folder / "split.npy", np.searchsorted(_SPLITS, split).astype(np.uint8))
            if writers is not None:
                np.save(folder / "writers.npy", writers)
            for name in _STROKE_ARRAYS if strokes is not None else ():
                np.save(folder / f"{name}.npy", getattr(strokes, name))
            meta = {"version": VERSION, "shape": list(shape), "classes": list(alphabet)} | facts
            meta["notes"] = [*facts.get("notes", ()), *_notes(positions, alphabet)]
            (folder / META).write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"{target.parent}: cannot be written ({error.strerror or error})") from None


def _gather(folder: Path, blocks: Iterable[Block], polarity: Polarity, progress):
    """Write the images; returns their shape, the labels, and splits and writers by block."""
    file, labels, splits, writers = _ImageFile(folder / "images.npy"), _Labels(), [], []
    try:
        for block in blocks:
            if polarity == "auto":
                polarity = "black-on-white" if is_black_on_white(block.images) else "white-on-black"
            file.append(255 - block.images if polarity == "black-on-white" else block.images)
            labels.append(block.labels)
            splits.append(np.full(len(block.labels), _PARTS.index(block.split), np.uint8))
            if file.count > MAX_SAMPLES:
                raise DatasetError(f"it has more than {MAX_SAMPLES:,} images, and so many are not read")
            writers.append(block.writers)
            progress(min(block.fraction, 1.0))
    finally:
        file.close()
    if not file.count:
        raise DatasetError("there are no images in it")
    known = all(part is not None for part in writers)
    return (file.count, *file.shape), labels, np.concatenate(splits), np.concatenate(writers) if known else None


def _split(given: np.ndarray, labels: np.ndarray, writers: np.ndarray | None, rule: str | None) -> np.ndarray:
    if given.any():
        return np.array(("train", *SPLITS))[given]
    if rule == "balanced":
        return balanced_splits(labels)
    if rule == "writer" and writers is None:
        raise DatasetError("it does not say who wrote what, so it cannot be split by writer")
    if writers is not None and rule in (None, "writer"):
        return writer_splits(writers)
    return stratified_splits(labels)


def _notes(labels: np.ndarray, alphabet: Alphabet) -> list[str]:
    counts = np.bincount(labels, minlength=len(alphabet))
    single = [repr(alphabet[i]) for i in np.flatnonzero(counts == 1)]
    if not single:
        return []
    classes = f"class {single[0]} has" if len(single) == 1 else f"classes {', '.join(single[:10])} have"
    return [f"{classes} a single image, which cannot be both trained on and tested on"]


def read_meta(folder: Path) -> dict | None:
    """A folder's ``meta.json``, or ``None`` where it is missing, damaged or of another version."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        return meta if meta["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def read(folder: Path) -> Dataset:
    """A written data set, its images memory-mapped; raises ``DatasetError`` where it is damaged."""
    meta = read_meta(folder)
    if meta is None:
        raise DatasetError(f"{folder}: {META} is missing or damaged")
    try:
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / "labels.npy", allow_pickle=False)
        codes = np.load(folder / "split.npy", allow_pickle=False)
        if not len(images) == len(labels) == len(codes) == meta["shape"][0]:
            raise ValueError("its arrays differ in length")
        _check_texts(meta)
        alphabet = Alphabet(tuple(meta["classes"]))
        if images.dtype != np.uint8 or images.ndim != 3 or labels.dtype != np.int64 or labels.ndim != 1:
            raise ValueError("its arrays have other forms")
        if not len(labels) or labels.min() < 0 or labels.max() >= len(alphabet):
            raise ValueError("it has labels that are no classes")
        return Dataset(
            name=meta["name"],
            images=images,
            labels=labels,
            alphabet=alphabet,
            split=_SPLITS[codes],
            source=meta["source"],
            licence=meta["licence"],
            writers=_optional(folder / "writers.npy"),
            strokes=_strokes(folder, labels, alphabet),
            notes=tuple(meta["notes"]),
        )
    except ARRAY_DAMAGE as error:
        raise DatasetError(f"{folder}: damaged ({short(str(error))})") from None


def _check_texts(meta: dict) -> None:
    """Raise ``TypeError`` where something else stands for a text."""
    lists = [meta["classes"], meta["notes"]]
    if not all(isinstance(texts, list) for texts in lists):
        raise TypeError("no list of texts")
    if not all(isinstance(text, str) for text in (meta["name"], meta["source"], meta["licence"], *lists[0], *lists[1])):
        raise TypeError("no text")


def _optional(path: Path) -> np.ndarray | None:
    return np.load(path, allow_pickle=False) if path.is_file() else None


def _strokes(folder: Path, labels: np.ndarray, alphabet: Alphabet) -> PenStrokes | None:
    if not (folder / "points.npy").is_file():
        return None
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _STROKE_ARRAYS}
    writers = _optional(folder / "writers.npy")
    names = np.array(alphabet.labels)[labels]
    return PenStrokes(**arrays, labels=names, writers=np.full(len(labels), "") if writers is None else writers)
