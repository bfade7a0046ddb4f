"""The idx format of MNIST and EMNIST, plain or gzipped (described at LeCun's MNIST page)."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import MAX_RATIO
from hcr_core.datasets.readers.block import MAX_LABEL, MAX_SAMPLES, Block, check_label, square

_IDX_UINT8 = 0x08
#: Bytes read at a time: 20,000 glyphs.
_PIECE = 16 << 20


def _open(path: Path) -> BinaryIO:
    return gzip.open(path) if path.suffix == ".gz" else open(path, "rb")


def _header(path: Path, file: BinaryIO) -> tuple[int, ...]:
    """The shape that an idx file announces; the file then stands at its first value."""
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] != _IDX_UINT8 or not 1 <= head[3] <= 3:
        raise DatasetError(f"{path}: not an idx file of bytes (wrong magic number)")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise DatasetError(f"{path}: cut short within its header")
    return struct.unpack(f">{head[3]}I", sizes)


def _check_size(path: Path, shape: tuple[int, ...]) -> None:
    """Raise ``DatasetError`` for more images than are read, or more than a gz of this size may hold."""
    if shape[0] > MAX_SAMPLES:
        raise DatasetError(f"{path}: its header says {shape}; at most {MAX_SAMPLES:,} images are read")
    size, packed = math.prod(shape), path.stat().st_size
    if path.suffix == ".gz" and size > 1 << 20 and size > MAX_RATIO * packed:
        raise DatasetError(
            f"{path}: its header says {shape}, {size // packed:,} times its size; {MAX_RATIO} is the most"
        )


def idx_pieces(path: Path) -> Iterator[np.ndarray]:
    """An idx file of uint8, some rows of its first axis at a time, each uint8 (k, ...).

    Raises ``DatasetError`` for a wrong magic number, another type than uint8, a wrong length or a
    damaged gz; the header's promise is never trusted with memory.
    """
    try:
        with _open(path) as file:
            shape = _header(path, file)
            row = math.prod(shape[1:])
            _check_size(path, shape)
            if not 0 < row <= _PIECE:
                raise DatasetError(f"{path}: its header says {shape}, and no image has so many or so few pixels")
            step = max(1, _PIECE // row)
            for start in range(0, shape[0], step):
                count = min(step, shape[0] - start)
                data = file.read(count * row)
                if len(data) < count * row:
                    raise DatasetError(
                        f"{path}: its header says {shape}, but only {start * row + len(data)} bytes follow"
                    )
                yield np.frombuffer(data, np.uint8).reshape(count, *shape[1:])
            if file.read(1):
                raise DatasetError(f"{path}: its header says {shape}, but more bytes follow")
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from None


def read_idx(path: Path) -> np.ndarray:
    """A whole idx file as uint8 of its own shape; raises ``DatasetError`` like ``idx_pieces``."""
    pieces = list(idx_pieces(path))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.uint8)


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write uint8 of one to three axes, gzipped where ``path`` ends in ``.gz``."""
    header = struct.pack(f">HBB{array.ndim}I", 0, _IDX_UINT8, array.ndim, *array.shape)
    # mtime and name left out: the same data gives the same file.
    with open(path, "wb") as raw:
        file = gzip.GzipFile("", "wb", 6, raw, 0) if path.suffix == ".gz" else raw
        file.write(header)
        for start in range(0, len(array), 10_000):
            file.write(np.ascontiguousarray(array[start : start + 10_000], np.uint8).tobytes())
        if file is not raw:
            file.close()


def labels_path(images: Path) -> Path:
    """The label file that belongs to an image file, by the names that MNIST and EMNIST use."""
    name = images.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1")
    return images.with_name(name)


def read_mapping(path: Path) -> dict[int, str]:
    """Character of each label number from EMNIST's "index codepoint [codepoint]" lines.

    EMNIST's letters start at 1 and name both cases; the first, the capital, stands for them.
    """
    mapping, number = {}, 0
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        for line in lines:
            number += 1
            if line.strip():
                index, codepoint = line.split()[:2]
                mapping[int(index)] = chr(int(codepoint))
    except (ValueError, OverflowError):
        raise DatasetError(f"{path}: line {number}: not of the form 'index codepoint'") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from None
    return mapping


def idx_blocks(images: Path, names: dict[int, str] | None, *, transposed: bool, split: str = "") -> Iterator[Block]:
    """A pair of idx files.

    Args:
        images: The image file; the label file beside it is found by its name.
        names: Label of each number; ``None`` takes the numbers themselves.
        transposed: EMNIST's files hold every image transposed; they are put upright.
        split: The part it is.

    Raises:
        DatasetError: Either file is damaged, they do not fit together, or a label has no name.
    """
    label_file = labels_path(images)
    if label_file == images or not label_file.is_file():
        raise DatasetError(f"{images}: no label file {label_file.name} beside it")
    numbers = read_idx(label_file)
    if numbers.ndim != 1 or not len(numbers):
        raise DatasetError(f"{label_file}: holds no labels")
    _check_named(label_file, numbers, names)
    done = 0
    for piece in idx_pieces(images):
        upright = square(piece.transpose(0, 2, 1) if transposed and piece.ndim == 3 else piece, str(images))
        chunk = _named(numbers[done : done + len(piece)], names)
        done += len(piece)
        if len(chunk) < len(piece):
            break
        yield Block(upright, chunk, split, fraction=done / len(numbers))
    if done != len(numbers):
        raise DatasetError(f"{images}: more or fewer images than the {len(numbers)} labels of {label_file.name}")


def _check_named(path: Path, numbers: np.ndarray, names: dict[int, str] | None) -> None:
    """Raise ``DatasetError`` for a label without a name, or with one that is too long."""
    if names is None:
        return
    unknown = set(np.unique(numbers).tolist()) - set(names)
    if unknown:
        row = int(np.flatnonzero(np.isin(numbers, list(unknown)))[0])
        known = f"({min(names)} to {max(names)})" if names else "(none has a name)"
        raise DatasetError(f"{path}: label {numbers[row]} of image {row + 1} is no class {known}")
    for number in np.unique(numbers).tolist():
        check_label(names[number], f"{path}: the name of label {number}")


def _named(numbers: np.ndarray, names: dict[int, str] | None) -> np.ndarray:
    if names is None:
        return numbers.astype(str)
    return np.array([names.get(i, "")[:MAX_LABEL] for i in range(256)])[numbers]


def read_emnist(images: Path, mapping: Path) -> tuple[np.ndarray, np.ndarray]:
    """A split of EMNIST: images uint8 (n, 28, 28) put upright, labels as characters (n,)."""
    blocks = list(idx_blocks(images, read_mapping(mapping), transposed=True))
    return np.concatenate([block.images for block in blocks]), np.concatenate([block.labels for block in blocks])
