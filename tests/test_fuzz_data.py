"""Broken and hostile files of data, and data sets whose kept files were changed: all is refused in one line."""

import contextlib
import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import images_of
from fuzzing import IMAGES, TRIED, cases, places, scratch, there_were_enough  # noqa: F401
from hostile import NASTY_TEXTS, broken, broken_json, nasty_text, survives
from hypothesis import given
from hypothesis import strategies as st

from hcr_core.datasets import DatasetError, import_dataset, preview, store
from hcr_core.datasets.readers import blocks_of
from hcr_core.datasets.readers.block import Block
from hcr_core.datasets.strokes import PenStrokes


def read_whole(path: Path, name: str, data: bytes | None = None) -> None:
    """Preview and import a file; whatever is kept must open again."""
    if data is not None:
        (path / name).write_bytes(data)
    survives(lambda: preview(path / name), DatasetError)
    kept = survives(lambda: import_dataset(path / name, "fuzzed", dry_run=True), DatasetError)
    assert kept is None or len(kept.images) == len(kept.labels)


_TABLES = [
    b"label,p0,p1,p2,p3\nA,0,1,2,3\nB,0,9,255,0\n",
    b"0,1,2,3,7\n255,1,2,3,8\n",
    "\ufeffக;0;0;9;0\nક;1;2;3;4\n".encode(),
    b'"a","0","0","0","1"\r\n"b",0.0,1.0,2,3\r\n',
    b"0\t1\t2\t3\tx\n1\t1\t1\t1\ty\n",
]
_cell = st.one_of(st.integers(-1, 256).map(str), st.integers(0, 255).map(str), nasty_text)


@cases(0.1)
@given(data=broken(_TABLES))
def test_broken_csv_files(data):
    TRIED["csv"] += 1
    with scratch() as folder:
        read_whole(folder, "letters.csv", data)


@cases(0.05)
@given(rows=st.lists(st.lists(_cell, min_size=1, max_size=6), max_size=6), delimiter=st.sampled_from(",;\t"))
def test_csv_files_of_nasty_cells(rows, delimiter):
    TRIED["csv"] += 1
    text = "\n".join(delimiter.join(row) for row in rows)
    with scratch() as folder:
        read_whole(folder, "letters.csv", text.encode("utf-8", "surrogatepass"))


def _idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


_IDX = [_idx(images_of(3)), _idx(np.array([0, 1, 1])), _idx(np.zeros((3, 2, 3), np.uint8))]


@cases(0.08)
@given(
    pair=st.tuples(broken(_IDX[:1]), broken(_IDX[1:2])),
    packed=st.sampled_from(["", "inside", "outside"]),
    mapping=st.none() | broken([b"0 65\n1 66\n"]),
)
def test_idx_files(pair, packed, mapping):
    TRIED["idx"] += 1
    names = ("a-train-images-idx3-ubyte", "a-train-labels-idx1-ubyte")
    with scratch() as folder:
        for name, data in zip(names, pair, strict=True):
            data = gzip.compress(data, 1) if packed else data
            (folder / (name + (".gz" if packed else ""))).write_bytes(data[: -9 if packed == "outside" else None])
        if mapping is not None:
            (folder / "a-mapping.txt").write_bytes(mapping)
        read_whole(folder, names[0] + (".gz" if packed else ""))
        survives(lambda: list(blocks_of(folder)), DatasetError)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


_ARRAYS = [
    *(_npy(images_of(3)), _npy(images_of(3).astype(float)), _npy(np.asfortranarray(images_of(3)))),
    *(_npy(np.array([0, 1, 1])), _npy(np.array(["a", "b", "c"])), _npy(np.array([1.0, np.nan, 2.0]))),
    *(_npy(np.array(["a", None, {}], object)), _npy(np.zeros((0, 4, 4), np.uint8)), _npy(np.array(3))),
]


@cases(0.08)
@given(
    members=st.dictionaries(
        st.sampled_from(["images", "labels", "x_train", "y_train", "x_test", "y_test", "classes", "writers"]),
        broken(_ARRAYS),
        max_size=4,
    ),
    outside=st.booleans(),
    data=st.data(),
)
def test_npz_files(members, outside, data):
    TRIED["npz"] += 1
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in members.items():
            archive.writestr(f"{name}.npy", array)
    packed = data.draw(broken([buffer.getvalue()])) if outside else buffer.getvalue()
    with scratch() as folder:
        read_whole(folder, "letters.npz", packed)
        survives(lambda: PenStrokes.from_npz(folder / "letters.npz"), DatasetError)


_member_name = st.one_of(
    st.sampled_from(
        ["a/1.png", "b/2.png", "train/a/3.PNG", "labels.csv", "x/labels.csv", "table.csv", "../e.png", "/a/1.png"]
    ),
    nasty_text.filter(lambda text: len(text) < 200).map(lambda text: text.encode("utf-8", "replace").decode()),
)
_list = st.lists(
    st.lists(st.sampled_from(["image", "label", "split", "1.png", "a/1.png", "train", *NASTY_TEXTS]), max_size=4)
)


@cases(0.1)
@given(
    files=st.dictionaries(_member_name, broken(IMAGES[:8]), max_size=4),
    table=st.none() | _list,
    form=st.sampled_from(["zip", "broken zip", "folder"]),
    data=st.data(),
)
def test_folders_and_zips_of_pictures(files, table, form, data):
    TRIED["pictures"] += 1
    if table is not None:
        text = "\n".join(",".join(row) for row in [["image", "label", "split"], *table])
        files |= {"labels.csv": text.encode("utf-8", "replace")}
    with scratch() as folder:
        if form == "folder":
            for name, content in files.items():
                path = folder / "set" / name.lstrip("/")
                if ".." not in name and "\0" not in name and name.strip("./ "):
                    with contextlib.suppress(OSError):  # a name that no file can have
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(content)
            if (folder / "set").exists():
                read_whole(folder, "set")
            return
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        packed = buffer.getvalue() if form == "zip" else data.draw(broken([buffer.getvalue()]))
        read_whole(folder, "set.zip", packed)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> dict[str, bytes]:
    """The files of a small data set as it is kept."""
    folder = tmp_path_factory.mktemp("stored") / "set"
    block = Block(images_of(8), np.array(list("abababab")), writers=np.array(list("xyxyxyxy")))
    store.write(folder, [block], {"name": "set", "source": "", "licence": ""})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@cases(0.06)
@given(data=st.data())
def test_kept_data_sets(stored, data):
    TRIED["kept sets"] += 1
    with scratch() as folder:
        for name, content in stored.items():
            (folder / name).write_bytes(content)
        name = data.draw(st.sampled_from(sorted(stored)))
        if name == "meta.json" and data.draw(st.booleans()):
            (folder / name).write_text(json.dumps(data.draw(broken_json(json.loads(stored[name])))), errors="replace")
        else:
            (folder / name).write_bytes(data.draw(broken([stored[name]])))
        dataset = survives(lambda: store.read(folder), DatasetError)
        if dataset is not None:
            survives(lambda: (dataset.counts, dataset.splits, dataset.part("train")), DatasetError)


def test_there_were_enough():
    there_were_enough(0.47, "csv", "idx", "npz", "pictures", "kept sets")
