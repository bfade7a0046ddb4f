"""Readers of public formats. Each gives images upright and white on black, and labels as text."""

import csv
import gzip
import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.imaging import ImageError, decode

_IDX_UINT8 = 0x08


def read_idx(path: Path) -> np.ndarray:
    """An idx file (LeCun's MNIST format), plain or gzipped, as uint8 of its own shape.

    Raises ``DatasetError`` for a wrong magic number, another type than uint8 or a wrong length.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            data = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from None
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _IDX_UINT8 or not 1 <= data[3] <= 3:
        raise DatasetError(f"{path}: not an idx file of bytes (wrong magic number)")
    start = 4 + 4 * data[3]
    shape = np.frombuffer(data, ">u4", data[3], 4).astype(np.int64) if len(data) >= start else np.array([-1])
    if len(data) - start != shape.prod():
        raise DatasetError(f"{path}: its header says {tuple(shape.tolist())}, but {len(data) - start} bytes follow")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read_emnist(images: Path, labels: Path, mapping: Path) -> tuple[np.ndarray, np.ndarray]:
    """A split of EMNIST: images uint8 (n, 28, 28) put upright, labels as characters (n,).

    EMNIST's idx files hold every image transposed. The mapping has "index codepoint" lines.
    """
    characters = dict(line.split()[:2] for line in mapping.read_text().splitlines() if line.strip())
    names = np.array([chr(int(characters[str(i)])) for i in range(len(characters))])
    return read_idx(images).transpose(0, 2, 1), names[read_idx(labels)]


def read_labelled_zip(path: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """A ZIP of images with ``labels.csv`` (``image,label``): arrays as ``decode`` gives, and labels."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("labels.csv").decode("utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(text)))
            images = [decode(archive.read(row["image"])) for row in rows]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, ImageError) as error:
        raise DatasetError(f"{path}: {error}") from None
    return images, np.array([row["label"] for row in rows])
