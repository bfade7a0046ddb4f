"""NumPy's ``.npz``: as Keras distributes MNIST, or plain ``images`` and ``labels``."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import DAMAGE, check_archive
from hcr_core.datasets.readers.block import Block, square

#: Names of the arrays by split: images, then labels.
_PAIRS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "validation": (("x_validation", "y_validation"), ("x_val", "y_val"), ("val_images", "val_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
    "": (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels")),
}


def npz_blocks(path: Path) -> Iterator[Block]:
    """The samples of an npz file, one block for each split.

    Images are whole numbers 0-255 of shape (n, H, H), (n, H*H) or (n, H, H, 1); labels numbers or
    text. An array ``classes`` names numbered labels, ``writers`` says who wrote each image.

    Raises:
        DatasetError: Not an npz, none of the known array names, pickled objects (they can run code
            and are never loaded), images and labels of different length, or values outside 0-255.
    """
    try:
        check_archive(path)
        with np.load(path, allow_pickle=False) as file:
            found = [(split, *pair) for split, pairs in _PAIRS.items() for pair in pairs if set(pair) <= set(file)]
            if not found:
                raise DatasetError(
                    f"{path}: needs arrays images and labels, or x_train and y_train; has {', '.join(file)}"
                )
            classes = _array(path, file, "classes") if "classes" in file else None
            for number, (split, x, y) in enumerate(found, 1):
                images, labels = _pixels(path, x, _array(path, file, x)), _array(path, file, y)
                if labels.ndim != 1 or len(labels) != len(images):
                    raise DatasetError(f"{path}: {x} has {len(images)} images, {y} the shape {labels.shape}")
                writers = _array(path, file, "writers").astype(str) if "writers" in file and not split else None
                if writers is not None and len(writers) != len(images):
                    writers = None
                yield Block(images, _text(path, y, labels, classes), split, writers, number / len(found))
    except (*DAMAGE, KeyError, TypeError, SyntaxError, MemoryError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path}: not an npz file that can be read ({error})") from None


def _array(path: Path, file, name: str) -> np.ndarray:
    try:
        return file[name]
    except ValueError as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise DatasetError(f"{path}: {name} holds pickled Python objects, which are never loaded") from None
        raise


def _pixels(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    where = f"{path}: {name}"
    if values.ndim < 2 or not len(values):
        raise DatasetError(f"{where}: holds no images")
    if values.dtype != np.uint8:
        if values.dtype.kind not in "iuf":
            raise DatasetError(f"{where}: pixels are {values.dtype}, not numbers 0-255")
        rows = values.reshape(len(values), -1)
        bad = ~((rows >= 0) & (rows <= 255) & (rows == np.floor(rows))).all(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            value = next(v for v in rows[row].tolist() if not (0 <= v <= 255 and v == int(v)))
            raise DatasetError(f"{where}: image {row + 1} has the value {value}; pixels are whole numbers 0-255")
        values = values.astype(np.uint8)
    return square(values, where)


def _text(path: Path, name: str, labels: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    if labels.dtype.kind == "f" and np.array_equal(labels, np.floor(labels)):
        labels = labels.astype(np.int64)
    if labels.dtype.kind in "iu":
        if classes is None:
            return labels.astype(str)
        if len(labels) and not (int(labels.min()) >= 0 and int(labels.max()) < len(classes)):
            raise DatasetError(
                f"{path}: {name} has the label {int(labels.max())}, but there are {len(classes)} classes"
            )
        return classes.astype(str)[labels]
    if labels.dtype.kind != "U":
        raise DatasetError(f"{path}: {name}: labels are {labels.dtype}, not numbers or text")
    empty = np.flatnonzero(np.char.strip(labels) == "")
    if len(empty):
        raise DatasetError(f"{path}: {name}: image {empty[0] + 1} has no label")
    return np.char.strip(labels)
