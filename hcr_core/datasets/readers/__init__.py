"""Readers of public formats: a file or folder to blocks of upright images with text labels."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import DAMAGE, check_archive
from hcr_core.datasets.readers.block import MAX_LABEL, POLARITIES, Block, Polarity
from hcr_core.datasets.readers.csv_file import PIECE, csv_blocks
from hcr_core.datasets.readers.idx import idx_blocks, read_mapping
from hcr_core.datasets.readers.npz import npz_blocks
from hcr_core.datasets.readers.pictures import picture_blocks

__all__ = ["POLARITIES", "Block", "Polarity", "blocks_of"]

#: Beginnings of idx file names by split: "t10k" is MNIST's own name for its test part.
_IDX_SPLITS = {"train": "train", "t10k": "test", "test": "test", "validation": "validation"}
#: Of ``classes.txt`` so much is read: 256 names of the longest labels there are.
_CLASSES_CHARACTERS = 256 * (MAX_LABEL + 1)


def blocks_of(path: Path, label_column: str | None = None, *, piece: int = PIECE) -> Iterator[Block]:
    """The samples of a file or folder of any known format, told by its name and content.

    CSV (``.csv``, ``.tsv``, ``.txt``), ``.npz``, idx (``...images-idx3-ubyte``, also ``.gz``, with
    the labels beside it), ``.zip`` or folder of images, ``.zip`` of a single CSV (as Kaggle hands
    them out), folder of idx files. idx files called
    ``emnist...`` are transposed, as NIST distributes them, and are put upright; a mapping file
    beside them (``...-mapping.txt``) or ``classes.txt`` names the labels.

    Raises:
        DatasetError: Of another format, or as the format's reader does.
    """
    if not os.path.exists(path):  # unlike ``Path.exists``, also of a name too long for the system
        raise DatasetError(f"{path}: there is no such file or folder")
    if label_column is not None and path.suffix.lower() not in (".csv", ".tsv", ".txt", ".zip"):
        raise DatasetError(f"{path}: only a CSV has a label column")
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if "images-idx3" in file.name)
        if not found:
            yield from picture_blocks(path)
        for number, file in enumerate(sorted(found, key=lambda file: _idx_split(file) == "test")):
            for block in _idx(file, _idx_split(file)):
                share = (number + block.fraction) / len(found)
                yield Block(block.images, block.labels, block.split, fraction=share)
        return
    if not path.stat().st_size:
        raise DatasetError(f"{path}: the file is empty")
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        yield from csv_blocks(path, label_column, piece=piece)
    elif suffix == ".npz":
        yield from npz_blocks(path)
    elif suffix == ".zip":
        yield from _zip(path, label_column, piece)
    elif "idx" in path.name or "ubyte" in path.name:
        yield from _idx(path, "")
    else:
        raise DatasetError(f"{path}: not a CSV, npz, idx, ZIP or folder")


def _zip(path: Path, label_column: str | None, piece: int) -> Iterator[Block]:
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        if len(files) != 1 or not files[0].filename.lower().endswith(".csv"):
            if label_column is not None:
                raise DatasetError(f"{path}: only a CSV has a label column")
            yield from picture_blocks(path)
            return
        # Unpacked, so that it can be read in pieces and again to find a bad line.
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "table.csv"
            try:
                with archive.open(files[0]) as packed, open(table, "wb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
                yield from csv_blocks(table, label_column, piece=piece)
            except DatasetError as error:
                raise DatasetError(str(error).replace(str(table), f"{path}: {files[0].filename}")) from None
            except DAMAGE as error:
                raise DatasetError(f"{path}: {files[0].filename} cannot be unpacked ({error})") from None


def _idx_split(file: Path) -> str:
    parts = file.name.split("images-idx3")[0].strip("-").split("-")
    return next((_IDX_SPLITS[part] for part in parts if part in _IDX_SPLITS), "")


def _idx(images: Path, split: str) -> Iterator[Block]:
    return idx_blocks(images, _names_beside(images), transposed=images.name.startswith("emnist"), split=split)


def _names_beside(images: Path) -> dict[int, str] | None:
    classes = images.with_name("classes.txt")
    if classes.is_file():
        try:
            with open(classes, encoding="utf-8") as file:
                return dict(enumerate(file.read(_CLASSES_CHARACTERS).rstrip("\n").split("\n")))
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{classes}: cannot be read ({error})") from None
    stem = images.name.split("images-idx3")[0]
    prefix = stem.removesuffix("-").removesuffix("-train").removesuffix("-test")
    mapping = images.with_name(f"{prefix}-mapping.txt")
    return read_mapping(mapping) if mapping.is_file() else None
