"""NumPy's ``.npz``: as Keras distributes MNIST, or plain ``images`` and ``labels``.

Its arrays are read piece by piece, with NumPy's own reader of their headers (its format is described at
numpy.lib.format): ``numpy.load`` would make room for whatever a header announces.
"""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import ARRAY_DAMAGE, check_archive
from hcr_core.datasets.readers.block import MAX_LABEL, Block, short, square

#: Names of the arrays by split: images, then labels.
_PAIRS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "validation": (("x_validation", "y_validation"), ("x_val", "y_val"), ("val_images", "val_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
    "": (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels")),
}
#: Bytes of images read at a time.
_PIECE = 8 << 20
#: Bytes of an array that is read whole: labels, and images stored column by column.
_MOST_WHOLE = 64 << 20


class _Header(NamedTuple):
    shape: tuple[int, ...]
    by_columns: bool
    dtype: np.dtype


def npz_blocks(path: Path) -> Iterator[Block]:
    """The samples of an npz file, some megabytes of a split at a time.

    Images are whole numbers 0-255 of shape (n, H, H), (n, H*H) or (n, H, H, 1); labels numbers or
    text. An array ``classes`` names numbered labels, ``writers`` says who wrote each image.

    Raises:
        DatasetError: Not an npz, none of the known array names, pickled objects (they can run code
            and are never loaded), images and labels of different length, or values outside 0-255.
    """
    try:
        check_archive(path)
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
            found = [(split, *pair) for split, pairs in _PAIRS.items() for pair in pairs if set(pair) <= names]
            if not found:
                there = ", ".join(map(short, sorted(names)[:20]))
                raise DatasetError(f"{path}: needs arrays images and labels, or x_train and y_train; has {there}")
            classes = _whole(path, archive, "classes") if "classes" in names else None
            for number, (split, x, y) in enumerate(found):
                written = "writers" in names and not split
                writers = _texts(path, "writers", _whole(path, archive, "writers")) if written else None
                labels = _whole(path, archive, y)
                for block in _blocks(path, archive, x, y, labels, classes):
                    rows, share = slice(*block.rows), (number + block.fraction) / len(found)
                    mine = None if writers is None or len(writers) != len(labels) else writers[rows]
                    yield Block(block.images, block.labels, split, mine, share)
    except ARRAY_DAMAGE as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path}: not an npz file that can be read ({short(str(error))})") from None


class _Piece(NamedTuple):
    images: np.ndarray
    labels: np.ndarray
    rows: tuple[int, int]
    fraction: float


def _blocks(path: Path, archive: zipfile.ZipFile, x: str, y: str, labels: np.ndarray, classes) -> Iterator[_Piece]:
    """Images and their labels, some at a time."""
    with archive.open(f"{x}.npy") as file:
        header = _header(path, x, file)
        count = header.shape[0] if header.shape else 0
        if len(header.shape) < 2 or not math.prod(header.shape):
            raise DatasetError(f"{path}: {x}: holds no images")
        if labels.ndim != 1 or len(labels) != count:
            raise DatasetError(f"{path}: {x} has {count} images, {y} the shape {labels.shape}")
        text, done = _text(path, y, labels, classes), 0
        for values in _rows(path, x, file, header):
            images, rows = _pixels(path, x, values, done), (done, done + len(values))
            done += len(values)
            yield _Piece(images, text[slice(*rows)], rows, done / count)


def _header(path: Path, name: str, file: BinaryIO) -> _Header:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise DatasetError(f"{path}: {name} is of NumPy's format {version}; 1 and 2 are read")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    header = _Header(*read(file))
    if header.dtype.hasobject:
        raise DatasetError(f"{path}: {name} holds pickled Python objects, which are never loaded")
    if header.dtype.itemsize == 0 or min(header.shape, default=0) < 0:
        raise DatasetError(f"{path}: {name} holds nothing")
    return header


def _rows(path: Path, name: str, file: BinaryIO, header: _Header) -> Iterator[np.ndarray]:
    """Rows of an open array, some megabytes at a time, all of them where it is stored column by column."""
    row = math.prod(header.shape[1:]) * header.dtype.itemsize
    if header.by_columns or row > _PIECE:
        yield _read(path, name, file, header)
        return
    step = max(1, _PIECE // row)
    for start in range(0, header.shape[0], step):
        shape = (min(step, header.shape[0] - start), *header.shape[1:])
        yield _read(path, name, file, header._replace(shape=shape))


def _read(path: Path, name: str, file: BinaryIO, header: _Header) -> np.ndarray:
    """So much of an open array as the header says."""
    size = math.prod(header.shape) * header.dtype.itemsize
    if size > _MOST_WHOLE:
        raise DatasetError(f"{path}: {name} takes {size >> 20:,} MB; of this form at most {_MOST_WHOLE >> 20} are read")
    data = file.read(size)
    if len(data) < size:
        raise DatasetError(f"{path}: {name} is cut short")
    return np.frombuffer(data, header.dtype).reshape(header.shape, order="F" if header.by_columns else "C")


def _whole(path: Path, archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return _read(path, name, file, _header(path, name, file))


def _pixels(path: Path, name: str, values: np.ndarray, done: int) -> np.ndarray:
    where = f"{path}: {name}"
    if values.dtype != np.uint8:
        if values.dtype.kind not in "iuf":
            raise DatasetError(f"{where}: pixels are {values.dtype}, not numbers 0-255")
        rows = values.reshape(len(values), -1)
        with np.errstate(invalid="ignore"):
            bad = ~((rows >= 0) & (rows <= 255) & (rows == np.floor(rows))).all(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            value = next(v for v in rows[row].tolist() if not (0 <= v <= 255 and v == int(v)))
            raise DatasetError(f"{where}: image {done + row + 1} has the value {value}; pixels are whole numbers 0-255")
        values = values.astype(np.uint8)
    return square(values, where)


def _texts(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    """An array as text, without blanks around it."""
    if values.dtype.kind not in "Uiu" or values.ndim != 1:
        raise DatasetError(f"{path}: {name} are {values.dtype}, not numbers or text")
    texts = np.char.strip(values.astype(str))
    if texts.dtype.itemsize > 4 * MAX_LABEL and int(np.char.str_len(texts).max(initial=0)) > MAX_LABEL:
        raise DatasetError(f"{path}: {name}: one has more than {MAX_LABEL} characters")
    return texts.astype(f"<U{MAX_LABEL}") if texts.dtype.itemsize > 4 * MAX_LABEL else texts


def _text(path: Path, name: str, labels: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and np.array_equal(labels, np.floor(labels)):
        labels = labels.astype(np.int64)
    if labels.dtype.kind in "iu" and classes is not None:
        if not (int(labels.min()) >= 0 and int(labels.max()) < len(classes)):
            raise DatasetError(
                f"{path}: {name} has the label {int(labels.max())}, but there are {len(classes)} classes"
            )
        labels = _texts(path, "classes", classes)[labels]
    texts = _texts(path, name, labels)
    empty = np.flatnonzero(texts == "")
    if len(empty):
        raise DatasetError(f"{path}: {name}: image {empty[0] + 1} has no label")
    return texts
