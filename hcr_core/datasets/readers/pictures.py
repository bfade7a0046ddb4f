"""Image files: one sub-folder for each class, or any files with a ``labels.csv``; folder or ZIP."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import cv2
import numpy as np
from PIL import Image

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.archive import DAMAGE, check_archive
from hcr_core.datasets.readers.block import Block, check_label, short
from hcr_core.imaging import FORMATS, MAX_BYTES, SUFFIXES, ImageError, decode, flatten
from hcr_core.preprocessing import GLYPH_SIZE, image_to_glyph

#: Images decoded at a time.
_PIECE = 512
#: Square images up to this side are taken for finished glyphs; anything else is a photo.
MAX_SIDE = 128
_SPLIT_FOLDERS = {
    "train": "train",
    "test": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}


class Listing(Protocol):
    """Files by name, whether in a folder or in a ZIP."""

    path: Path

    def names(self) -> list[str]: ...
    def read(self, name: str) -> bytes: ...


@dataclass(frozen=True)
class Folder:
    """The files below a folder; links that lead out of it are not followed."""

    path: Path

    def names(self) -> list[str]:
        root = self.path.resolve()
        files = (file for file in self.path.rglob("*") if file.is_file() and file.resolve().is_relative_to(root))
        return sorted(file.relative_to(self.path).as_posix() for file in files)

    def read(self, name: str) -> bytes:
        with open(self.path / name, "rb") as file:
            return file.read(MAX_BYTES + 1)


class Archive:
    """The files in a ZIP that ``check_archive`` lets pass."""

    def __init__(self, path: Path):
        check_archive(path)
        self.path = path
        self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return sorted(info.filename for info in self._zip.infolist() if not info.is_dir())

    def read(self, name: str) -> bytes:
        with self._zip.open(name) as file:
            return file.read(MAX_BYTES + 1)


@dataclass(frozen=True)
class _Row:
    name: str
    label: str
    split: str
    writer: str
    where: str


def picture_blocks(path: Path) -> Iterator[Block]:
    """The samples of a folder or ZIP of image files.

    ``labels.csv`` has the columns ``image`` and ``label``, and ``split`` and ``writer`` if known.
    Without it an image's folder is its label; folders ``train``, ``validation`` and ``test`` above
    those are the splits. Images of one square size up to ``MAX_SIDE`` stay as they are; others are
    photos, and go through the app's own preprocessing to 28 x 28 (a blank one becomes all black).

    Raises:
        DatasetError: Naming the file and, with ``labels.csv``, its line: an image that is missing
            or cannot be read, a missing label, no images, an archive that is refused.
    """
    listing = Folder(path) if path.is_dir() else Archive(path)
    try:
        rows = _rows(listing)
        finished = _of_one_size(listing, rows)
        done = 0
        for split in sorted({row.split for row in rows}, key=("", "train", "validation", "test").index):
            chosen = [row for row in rows if row.split == split]
            for start in range(0, len(chosen), _PIECE):
                some = chosen[start : start + _PIECE]
                done += len(some)
                images = np.stack([_glyph(listing, row, finished) for row in some])
                labels = np.array([row.label for row in some])
                writers = np.array([row.writer for row in some]) if all(row.writer for row in rows) else None
                yield Block(images, labels, split, writers, done / len(rows))
    except (*DAMAGE, csv.Error) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path}: cannot be read ({error})") from None


def _rows(listing: Listing) -> list[_Row]:
    names = [name for name in listing.names() if not _is_hidden(name)]
    tables = sorted((name for name in names if PurePosixPath(name).name == "labels.csv"), key=lambda n: n.count("/"))
    rows = _listed(listing, tables[0], set(names)) if tables else _sorted_into_folders(listing, names)
    if not rows:
        raise DatasetError(f"{listing.path}: no images in class folders, and no labels.csv")
    return rows


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _listed(listing: Listing, table: str, names: set[str]) -> list[_Row]:
    where = f"{listing.path}: {table}"
    try:
        text = listing.read(table).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(f"{where}: not UTF-8 text") from None
    reader = csv.DictReader(io.StringIO(text))
    if not {"image", "label"} <= set(reader.fieldnames or ()):
        raise DatasetError(f"{where} line 1: needs the columns image and label")
    folder, rows, left = PurePosixPath(table).parent, [], set(names)
    for entry in reader:
        line = f"{where} line {reader.line_num}"
        name = (folder / (entry["image"] or "").strip()).as_posix()
        if name not in names:
            raise DatasetError(f"{line}: there is no image {entry['image']!r}")
        # A picture named a million times would be read, and kept, a million times.
        if name not in left:
            raise DatasetError(f"{line}: the image {entry['image']!r} is named twice")
        left.remove(name)
        label, split = (entry["label"] or "").strip(), (entry.get("split") or "").strip()
        if not label:
            raise DatasetError(f"{line}: the label is missing")
        if split and split not in _SPLIT_FOLDERS:
            raise DatasetError(f"{line}: the split is {split!r}, not train, validation or test")
        writer = (entry.get("writer") or "").strip()
        check_label(label, line)
        check_label(writer, line)
        rows.append(_Row(name, label, _SPLIT_FOLDERS.get(split, ""), writer, line))
    return rows


def _sorted_into_folders(listing: Listing, names: list[str]) -> list[_Row]:
    rows = []
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() not in SUFFIXES:
            continue
        if len(path.parts) < 2:
            raise DatasetError(f"{listing.path}: {short(name)} lies in no class folder, and there is no labels.csv")
        check_label(path.parts[-2], f"{listing.path}: {short(name)}")
        splits = [_SPLIT_FOLDERS[part.lower()] for part in path.parts[:-2] if part.lower() in _SPLIT_FOLDERS]
        rows.append(_Row(name, path.parts[-2], splits[0] if splits else "", "", f"{listing.path}: {name}"))
    return rows


def _of_one_size(listing: Listing, rows: list[_Row]) -> bool:
    """Whether all images have the same square size, by their headers."""
    sizes = set()
    for row in rows:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(listing.read(row.name)), formats=FORMATS) as image:
                    sizes.add(image.size)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue  # said properly when its pixels are read
        if len(sizes) > 1:
            return False
    return all(width == height and 2 <= width <= MAX_SIDE for width, height in sizes)


def _glyph(listing: Listing, row: _Row, finished: bool) -> np.ndarray:
    try:
        image = decode(listing.read(row.name))
    except ImageError as error:
        raise DatasetError(f"{row.where}: {PurePosixPath(row.name).name}: {error}") from None
    if not finished:
        glyph = image_to_glyph(image)
        return np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8) if glyph is None else glyph
    image = flatten(image)
    return image if image.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
