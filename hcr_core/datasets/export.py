"""Data sets to files that other programs, and ``data import``, read."""

import csv
import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from hcr_core.datasets.dataset import Dataset
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.idx import write_idx

_PIECE = 5_000


def export(dataset: Dataset, form: str, out: str | Path) -> Path:
    """Write a data set; images stay white on black.

    * ``"csv"``: label first, then the pixels, with a header; the splits are not kept.
    * ``"npz"``: ``x_train``, ``y_train`` ... as Keras has them, ``classes`` names the numbers.
    * ``"idx"``: a folder of ``train-images-idx3-ubyte.gz`` ... upright, with ``classes.txt``.
    * ``"folder"``: PNG files by split and class, with a ``labels.csv``.

    Args:
        dataset: What to write.
        form: One of ``FORMS``.
        out: The file or folder to make; it must not be there yet (an empty folder may).

    Returns:
        ``out``.

    Raises:
        DatasetError: It is there, cannot be written, or the form cannot hold the data.
    """
    out = Path(out)
    if form not in FORMS:
        raise DatasetError(f"unknown format {form!r}: choose one of {', '.join(FORMS)}")
    if out.exists() and not (form in _FOLDERS and out.is_dir() and not any(out.iterdir())):
        raise DatasetError(f"{out} is there already: choose another name")
    if form == "idx" and len(dataset.alphabet) > 256:
        raise DatasetError(
            f"idx labels are bytes, and {dataset.name} has {len(dataset.alphabet)} classes: choose csv or npz"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".exporting-", dir=out.parent) as folder:
            aside = Path(folder) / out.name
            FORMS[form](dataset, aside)
            if out.is_dir():
                out.rmdir()
            shutil.move(aside, out)
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror or error})") from None
    return out


def _csv(dataset: Dataset, path: Path) -> None:
    import polars as pl

    names = np.array(dataset.alphabet.labels)
    height, width = dataset.images.shape[1:]
    columns = [f"pixel{i}" for i in range(height * width)]
    with open(path, "wb") as file:
        for start in range(0, len(dataset), _PIECE):
            pixels = np.asarray(dataset.images[start : start + _PIECE]).reshape(-1, height * width)
            labels = pl.Series("label", names[dataset.labels[start : start + _PIECE]].tolist(), pl.String)
            frame = pl.from_numpy(pixels, columns, orient="row").insert_column(0, labels)
            frame.write_csv(file, include_header=start == 0)


def _npz(dataset: Dataset, path: Path) -> None:
    arrays = {"classes": np.array(dataset.alphabet.labels)}
    for split in dataset.splits:
        part = dataset.part(split)
        arrays |= {f"x_{split}": np.asarray(part.images), f"y_{split}": part.labels}
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def _idx(dataset: Dataset, folder: Path) -> None:
    folder.mkdir()
    (folder / "classes.txt").write_text("\n".join(dataset.alphabet) + "\n", encoding="utf-8")
    for split in dataset.splits:
        part = dataset.part(split)
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", part.images)
        write_idx(folder / f"{split}-labels-idx1-ubyte.gz", part.labels)


def _folder(dataset: Dataset, folder: Path) -> None:
    folder.mkdir()
    rows = []
    for number, (image, label, split) in enumerate(zip(dataset.images, dataset.labels, dataset.split, strict=True)):
        text = dataset.alphabet[label]
        path = folder / str(split) / _folder_name(text) / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(image))[1].tobytes())
        rows.append((path.relative_to(folder).as_posix(), text, str(split)))
    _table(folder / "labels.csv", rows)


def _table(path: Path, rows: list[tuple[str, str, str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "label", "split"), *rows])


def _folder_name(label: str) -> str:
    """A folder name for a class that every file system takes and keeps apart (A and a, / and CON)."""
    if label.isascii() and label.isalnum() and len(label) == 1:
        return f"{label}_small" if label.islower() else label
    name = "_".join(unicodedata.name(character, f"U{ord(character):04X}").replace(" ", "-") for character in label)
    return f"class-{name}"[:120]


_FOLDERS = ("idx", "folder")
#: What writes each form.
FORMS: dict[str, Callable[[Dataset, Path], None]] = {"csv": _csv, "npz": _npz, "idx": _idx, "folder": _folder}


def packed(dataset: Dataset, form: str) -> bytes:
    """An export in memory, for a browser to save; folders come as ZIP. Raises ``DatasetError`` as ``export`` does."""
    with tempfile.TemporaryDirectory() as folder:
        out = export(dataset, form, Path(folder) / "export" / dataset.name)
        if form in _FOLDERS:
            out = Path(shutil.make_archive(str(Path(folder) / "packed"), "zip", out))
        return out.read_bytes()


def packed_name(name: str, form: str) -> str:
    """A file name for what ``packed`` makes of a data set called ``name``."""
    return f"{name}-{form}.zip" if form in _FOLDERS else f"{name}.{form}"
