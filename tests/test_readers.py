"""idx and npz files, good and bad, and round trips through every format."""

import contextlib
import gzip
import struct

import numpy as np
import pytest
from conftest import drawn_ink, gathered, images_of

from hcr_core.datasets import Dataset, DatasetError, import_dataset, load, preview
from hcr_core.datasets.export import FORMS, export
from hcr_core.datasets.readers.idx import labels_path, read_emnist, read_idx, write_idx
from hcr_core.preprocessing import ink_to_glyph


@pytest.fixture(autouse=True)
def _imported_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path / "cache"))


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def test_idx_plain_and_gzipped(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "a").write_bytes(idx_bytes(array))
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx_bytes(array)))
    write_idx(tmp_path / "b.gz", array)
    for name in ("a", "a.gz", "b.gz"):
        assert np.array_equal(read_idx(tmp_path / name), array)


IDX = idx_bytes(np.zeros((2, 3, 4), np.uint8))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\1" + IDX[1:],
        IDX[:2] + b"\x0d" + IDX[3:],
        IDX[:-1],
        IDX + b"\0",
        IDX[:9],
        struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1),
        struct.pack(">HBBIII", 0, 8, 3, 5, 0, 0),
    ],
    ids=["empty", "magic", "floats", "too short", "too long", "half a header", "huge promise", "no pixels"],
)
def test_a_bad_idx_is_refused(tmp_path, data):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DatasetError, match=str(tmp_path)):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize("cut", [30, 12])
def test_a_truncated_gz_is_refused(tmp_path, cut):
    (tmp_path / "a.gz").write_bytes(gzip.compress(IDX)[:cut])
    with pytest.raises(DatasetError, match="cannot be read"):
        read_idx(tmp_path / "a.gz")


def test_emnist_is_put_upright_and_its_labels_are_characters(tmp_path):
    glyph = ink_to_glyph(drawn_ink("F"))
    images = tmp_path / "emnist-x-test-images-idx3-ubyte"
    write_idx(images, glyph.T[None])
    write_idx(labels_path(images), np.array([1]))
    (tmp_path / "emnist-x-mapping.txt").write_text("0 65\n1 70\n")
    found, labels = read_emnist(images, tmp_path / "emnist-x-mapping.txt")
    assert np.array_equal(found[0], glyph)
    assert labels.tolist() == ["F"]
    # The user's own import knows it by its name, and a file by another name is taken as it is.
    assert np.array_equal(gathered(images)[0][0], glyph)
    write_idx(tmp_path / "t10k-images-idx3-ubyte", glyph[None])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.array([1]))
    assert np.array_equal(gathered(tmp_path / "t10k-images-idx3-ubyte")[0][0], glyph)


def test_a_folder_in_mnists_own_names_keeps_its_splits(tmp_path):
    for prefix, count in (("train", 6), ("t10k", 3)):
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte.gz", images_of(count, 28))
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", np.arange(count) % 3)
    dataset = import_dataset(tmp_path, "mine")
    assert dataset.splits == {"train": 6, "test": 3}
    assert dataset.labels.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(("labels", "reason"), [(None, "no label file"), (4, "more or fewer"), (1, "more or fewer")])
def test_idx_images_and_labels_have_to_fit(tmp_path, labels, reason):
    write_idx(tmp_path / "a-images-idx3-ubyte", images_of(3))
    if labels:
        write_idx(tmp_path / "a-labels-idx1-ubyte", np.zeros(labels, np.uint8))
    with pytest.raises(DatasetError, match=reason):
        gathered(tmp_path / "a-images-idx3-ubyte")


@pytest.mark.parametrize("mapping", ["0 65\nsense\n", "0 65\n1 99999999999999\n"])
def test_a_bad_mapping_is_refused_with_its_line(tmp_path, mapping):
    write_idx(tmp_path / "a-images-idx3-ubyte", images_of(3))
    write_idx(tmp_path / "a-labels-idx1-ubyte", np.zeros(3, np.uint8))
    (tmp_path / "a-mapping.txt").write_text(mapping)
    with pytest.raises(DatasetError, match=r"a-mapping\.txt: line 2"):
        gathered(tmp_path / "a-images-idx3-ubyte")


@pytest.mark.parametrize("shape", [(4, 16), (4, 4, 4), (4, 4, 4, 1)])
@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
def test_npz_in_the_shapes_and_types_in_use(tmp_path, shape, kind):
    images = images_of(4)
    np.savez(tmp_path / "a.npz", images=images.reshape(shape).astype(kind), labels=np.array(["a", "b", "a", "c"]))
    found, labels = gathered(tmp_path / "a.npz")
    assert np.array_equal(found, images)
    assert labels == ["a", "b", "a", "c"]


def test_npz_with_classes_names_its_numbers(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=images_of(2), y_train=np.array([1, 0]), classes=np.array(["ka", "kha"]))
    assert gathered(tmp_path / "a.npz")[1] == ["kha", "ka"]


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"images": images_of(2), "labels": np.array(["a", None], object)}, "pickled"),
        ({"images": np.array([object(), object()]), "labels": np.zeros(2)}, "pickled"),
        ({"pictures": images_of(2)}, "needs arrays"),
        ({"images": images_of(2), "labels": np.zeros(3)}, "2 images"),
        ({"images": images_of(2) + 0.5, "labels": np.zeros(2)}, "image 1 has the value 0.5"),
        ({"images": images_of(2).astype(int) + 300, "labels": np.zeros(2)}, "whole numbers 0-255"),
        ({"images": np.zeros((2, 28, 30), np.uint8), "labels": np.zeros(2)}, "28 x 30 are not square"),
        ({"images": np.zeros((2, 10), np.uint8), "labels": np.zeros(2)}, "no square"),
        ({"images": images_of(2), "labels": np.array(["a", " "])}, "image 2 has no label"),
        ({"images": images_of(2), "labels": np.array([0, 5]), "classes": np.array(["a"])}, "label 5"),
        ({"images": np.zeros((0, 4, 4), np.uint8), "labels": np.zeros(0)}, "no images"),
    ],
)
def test_a_bad_npz_is_refused(tmp_path, arrays, reason):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DatasetError, match=reason) as caught:
        import_dataset(tmp_path / "a.npz", "bad")
    assert "a.npz" in str(caught.value)


@pytest.mark.parametrize("cut", [20, 400])
def test_a_truncated_npz_is_refused(tmp_path, cut):
    np.savez(tmp_path / "a.npz", images=images_of(20), labels=np.zeros(20))
    data = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(data[:cut])
    with pytest.raises(DatasetError, match=r"a\.npz"):
        gathered(tmp_path / "a.npz")


@pytest.fixture
def several(tmp_path) -> Dataset:
    """Labels that file systems and CSV find hard, and three splits."""
    labels = np.array(["A", "a", ",", '"', "/", "ka", "ક", "CON"] * 6)
    images = images_of(48, 9)
    split = ["train"] * 24 + ["validation"] * 8 + ["test"] * 16
    arrays = {}
    for name in ("train", "validation", "test"):
        rows = [i for i, part in enumerate(split) if part == name]
        arrays |= {f"x_{name}": images[rows], f"y_{name}": labels[rows]}
    np.savez(tmp_path / "several.npz", **arrays)
    return import_dataset(tmp_path / "several.npz", "several")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_can_be_imported(tmp_path, several, form):
    out = tmp_path / ("out" if form in ("idx", "folder") else f"out.{form}")
    assert export(several, form, out) == out
    again = import_dataset(out, "again")
    assert again.alphabet == several.alphabet
    assert np.array_equal(again.images, several.images)
    assert np.array_equal(again.labels, several.labels)
    if form != "csv":
        assert np.array_equal(again.split, several.split)
    with pytest.raises(DatasetError, match="there already"):
        export(several, form, out)
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_exported_npz_has_keras_names(tmp_path, several):
    export(several, "npz", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz", allow_pickle=False) as file:
        assert {"x_train", "y_train", "x_test", "y_test"} <= set(file)
        assert file["y_test"].dtype.kind == "i"


def test_an_exported_csv_is_what_the_tutorials_read(tmp_path, several):
    import pandas as pd

    export(several, "csv", tmp_path / "out.csv")
    frame = pd.read_csv(tmp_path / "out.csv")
    assert list(frame.columns[:2]) == ["label", "pixel0"]
    assert np.array_equal(frame.iloc[:, 1:].to_numpy().reshape(-1, 9, 9), several.images)
    assert preview(tmp_path / "out.csv").labels == [several.alphabet[i] for i in several.labels[:5]]


def test_images_of_two_sizes_in_one_source_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=images_of(2, 8), y_train=[0, 1], x_test=images_of(2, 9), y_test=[0, 1])
    with pytest.raises(DatasetError, match=r"a\.npz: image 3 has 9 x 9 pixels"):
        import_dataset(tmp_path / "a.npz", "bad")


def test_real_files_are_the_same_through_csv_and_back(tmp_path, handwriting):
    part = load("emnist-mnist", "test").take(np.arange(500))
    export(part, "csv", tmp_path / "out.csv")
    again = import_dataset(tmp_path / "out.csv", "again")
    assert np.array_equal(again.images, part.images)
    assert np.array_equal(again.labels, part.labels)


@pytest.mark.parametrize("form", FORMS)
def test_random_damage_is_a_data_error_or_nothing(tmp_path, several, form):
    out = tmp_path / ("out" if form in ("idx", "folder") else f"out.{form}")
    export(several, form, out)
    files = sorted(path for path in out.rglob("*") if path.is_file()) if out.is_dir() else [out]
    rng = np.random.default_rng(0)
    for _ in range(60):
        file = files[rng.integers(len(files))]
        data = file.read_bytes()
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        file.write_bytes(damaged[: rng.integers(len(data)) if rng.random() < 0.3 else None])
        with contextlib.suppress(DatasetError):
            import_dataset(out, "damaged")
        file.write_bytes(data)
    assert len(import_dataset(out, "whole")) == len(several)
