"""Each public format: good files to the same images, bad ones refused with file, line and reason."""

import gzip
import io
import os
import stat
import struct
import zipfile

import cv2
import numpy as np
import pytest
from conftest import drawn_ink, sheet

from hcr_core.datasets import Dataset, DatasetError, import_dataset, load, preview
from hcr_core.datasets.export import FORMS, export
from hcr_core.datasets.readers import archive, blocks_of, csv_file
from hcr_core.datasets.readers.archive import check_archive
from hcr_core.datasets.readers.csv_file import csv_blocks, read_layout
from hcr_core.datasets.readers.idx import labels_path, read_emnist, read_idx, write_idx
from hcr_core.preprocessing import ink_to_glyph


@pytest.fixture(autouse=True)
def _imported_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path / "cache"))


def gathered(path, label_column=None) -> tuple[np.ndarray, list[str]]:
    blocks = list(blocks_of(path, label_column))
    return np.concatenate([b.images for b in blocks]), [label for b in blocks for label in b.labels.tolist()]


def images_of(count: int, side: int = 4, seed: int = 0) -> np.ndarray:
    """Random images with an empty border, uint8 (count, side, side)."""
    images = np.zeros((count, side, side), np.uint8)
    images[:, 1:-1, 1:-1] = np.random.default_rng(seed).integers(1, 256, (count, side - 2, side - 2))
    return images


def csv_text(images, labels, *, last: bool = False, header: bool = False, delimiter: str = ",") -> str:
    rows = [[*map(str, image.ravel())] for image in images]
    rows = [[*row, label] if last else [label, *row] for row, label in zip(rows, labels, strict=True)]
    names = [f"pixel{i}" for i in range(images[0].size)]
    head = [[*names, "label"] if last else ["label", *names]] if header else []
    return "".join(delimiter.join(row) + "\n" for row in head + rows)


# CSV


@pytest.mark.parametrize("side", [2, 3, 28, 30])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_csv_of_any_size_with_the_label_first_or_last(tmp_path, side, last, header):
    images = images_of(6, side) if side > 2 else np.arange(24, dtype=np.uint8).reshape(6, 2, 2) * 10
    labels = ["A", "B", "A", "ka", "B", "A"]
    (tmp_path / "a.csv").write_text(csv_text(images, labels, last=last, header=header))
    found, names = gathered(tmp_path / "a.csv")
    assert np.array_equal(found, images)
    assert names == labels


@pytest.mark.parametrize("last", [False, True])
def test_numbers_as_labels_first_or_last_are_found_by_their_variety(tmp_path, last):
    """The file is sorted by label, as the A-Z set is: its beginning alone would not tell."""
    images, labels = images_of(200, 5), [str(i // 50) for i in range(200)]
    (tmp_path / "a.csv").write_text(csv_text(images, labels, last=last))
    assert gathered(tmp_path / "a.csv")[1] == labels


def test_a_label_column_by_name(tmp_path):
    text = csv_text(images_of(3), ["x", "y", "z"], header=True).replace("label", "Zeichen", 1)
    (tmp_path / "a.csv").write_text(text)
    assert gathered(tmp_path / "a.csv", "Zeichen")[1] == ["x", "y", "z"]
    assert gathered(tmp_path / "a.csv", "zeichen")[1] == ["x", "y", "z"]
    with pytest.raises(DatasetError, match="line 1: no column 'none'"):
        gathered(tmp_path / "a.csv", "none")


def test_a_named_column_in_the_middle(tmp_path):
    rows = ["p0,p1,label,p2,p3", "1,2,A,3,4", "5,6,B,7,8"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    images, labels = gathered(tmp_path / "a.csv")
    assert images.reshape(2, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert labels == ["A", "B"]


@pytest.mark.parametrize(
    ("header", "is_one"),
    [
        ("0,0.1,0.2,0.3,0.4", True),  # pandas' names for repeated zeros: the A-Z set saved again
        ("0,1,2,3,4", True),  # pandas' names for columns without any
        ("label,1x1,1x2,2x1,2x2", True),
        ("3,0,0,255,0", False),
        ("3,0.0,0.0,255.0,0.0", False),
        ("A,0,0,255,0", False),
    ],
)
def test_a_header_is_told_from_a_first_row(tmp_path, header, is_one):
    (tmp_path / "a.csv").write_text(header + "\n1,10,20,30,40\n2,50,60,70,80\n")
    assert len(gathered(tmp_path / "a.csv", "first")[1]) == (2 if is_one else 3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",0", ",0.0"),
        lambda text: text.replace(",", ", "),
        lambda text: text.replace("A,", '"A",'),
    ],
    ids=["crlf", "bom", "blank lines", "no last newline", "semicolons", "tabs", "floats", "spaces", "quotes"],
)
@pytest.mark.parametrize("header", [False, True])
def test_other_peoples_csv(tmp_path, spoil, header):
    images = images_of(4)
    (tmp_path / "a.csv").write_bytes(spoil(csv_text(images, ["A", "B", "A", "C"], header=header)).encode())
    found, labels = gathered(tmp_path / "a.csv")
    assert np.array_equal(found, images)
    assert labels == ["A", "B", "A", "C"]


def test_an_index_column_of_pandas_is_left_out(tmp_path):
    (tmp_path / "a.csv").write_text(",label,p0,p1,p2,p3\n0,A,1,2,3,4\n1,B,5,6,7,8\n")
    images, labels = gathered(tmp_path / "a.csv")
    assert labels == ["A", "B"]
    assert images[1].ravel().tolist() == [5, 6, 7, 8]


def test_labels_of_a_spreadsheet_are_whole_numbers_again(tmp_path):
    (tmp_path / "a.csv").write_text("7.0,1,2,3,4\n 8 ,1,2,3,4\n07,1,2,3,4\n")
    assert gathered(tmp_path / "a.csv", "first")[1] == ["7", "8", "7"]


GOOD = csv_text(images_of(5), list("ABABA"))
LINES = GOOD.splitlines()


def with_line(number: int, line: str) -> str:
    return "\n".join([*LINES[: number - 1], line, *LINES[number:]]) + "\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("label,p0,p1,p2,p3\n", "line 2: no rows"),
        (with_line(3, LINES[2] + ",7"), "line 3: 18 columns, where 17"),
        (with_line(3, LINES[2].rsplit(",", 1)[0]), "line 3: 16 columns, where 17"),
        (with_line(4, "A," + ",".join(["256"] * 16)), "line 4, column 2: 256 is outside 0-255"),
        (with_line(4, "A,-1" + ",1" * 15), "line 4, column 2: -1 is outside"),
        (with_line(5, "A,1,ink" + ",1" * 14), "line 5, column 3: 'ink' is text"),
        (with_line(5, "A,1,," + ",".join(["1"] * 14)), "line 5, column 3: the pixel is missing"),
        (with_line(2, "," + ",".join(["1"] * 16)), "line 2: the label is missing"),
        (with_line(2, "  ," + ",".join(["1"] * 16)), "line 2: the label is missing"),
        (with_line(2, "B,0.5" + ",1" * 15), "line 2, column 2: 0.5 is no whole number"),
        (with_line(2, "B,nan" + ",1" * 15), "line 2, column 2: nan is outside"),
        ("1,2,3,4,5\n1,2,3,4\n1,2,3,4,5,6\n", "line 2: 4 columns, where 5"),
        ("1,2,3,4,5\n2,2,3,4,\n", "line 2, column 5: the pixel is missing"),
        ("1,2,3,4,5\n1,2,3,4,1000\n", "line 2, column 5: 1000 is outside"),
        ("1,2,3,4,5\n1,2,256,4,5\n", "line 2, column 3: 256 is outside"),
        ("1,2,3,4,5\n,2,3,4,5\n", "line 2: the label is missing"),
        ("1,2,3,4,5\n" * 3 + "1,2,3,4,5,6,7,8,9\n\n", "line 4: 9 columns"),
        ("A,1,2,3\nB,4,5,6\n", "line 1: 3 pixel columns make no square image"),
        ("A,1\n", "line 1: 1 pixel columns make no square"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(tmp_path, text, reason):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        import_dataset(path, "bad")
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert not (tmp_path / "imported" / "bad").exists()
    assert not list((tmp_path / "imported").glob(".*"))


@pytest.mark.parametrize("data", [b"A,1,2,3,4\n\xff\xfe,1,2,3,4\n", b"A,1,2,3,4\nB\0,1,2,3,\0\n"])
def test_what_is_no_text_is_refused(tmp_path, data):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(DatasetError, match="line 2"):
        gathered(tmp_path / "a.csv", "first")


def test_a_file_without_line_ends_is_no_csv(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_LINE", 1000)
    (tmp_path / "a.csv").write_bytes(b"1," * 10_000)
    with pytest.raises(DatasetError, match="line 1: longer than"):
        gathered(tmp_path / "a.csv")


@pytest.mark.parametrize("piece", [1, 100, 1000])
def test_pieces_of_any_size_give_the_same(tmp_path, piece):
    images, labels = images_of(50), [f"c{i % 7}" for i in range(50)]
    (tmp_path / "a.csv").write_text(csv_text(images, labels, header=True))
    blocks = list(csv_blocks(tmp_path / "a.csv", piece=piece))
    assert np.array_equal(np.concatenate([b.images for b in blocks]), images)
    assert np.concatenate([b.labels for b in blocks]).tolist() == labels
    assert blocks[-1].fraction == 1


@pytest.mark.parametrize("piece", [1, 64])
def test_the_line_is_right_in_a_later_piece(tmp_path, piece):
    (tmp_path / "a.csv").write_text(csv_text(images_of(40), ["A"] * 40, header=True) + "A,1,2\n")
    with pytest.raises(DatasetError, match="line 42: 3 columns"):
        list(csv_blocks(tmp_path / "a.csv", piece=piece))


@pytest.mark.parametrize("label", ["first", "last", "middle"])
def test_plain_numbers_are_parsed_as_the_other_ways_do(tmp_path, label):
    """All values and widths of cells; a quoted label sends the same rows the long way."""
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (300, 9)), rng.integers(0, 1000, 300)
    at = {"first": 0, "last": 9, "middle": 4}[label]
    names = np.insert(np.array([f"p{i}" for i in range(9)], object), at, "label")
    for name, quote in (("plain", ""), ("quoted", '"')):
        rows = [[*map(str, row)] for row in pixels]
        for row, number in zip(rows, labels, strict=True):
            row.insert(at, f"{quote}{number}{quote}")
        (tmp_path / f"{name}.csv").write_text("\n".join(",".join(row) for row in [names, *rows]))
        found, read = gathered(tmp_path / f"{name}.csv")
        assert np.array_equal(found.reshape(300, 9), pixels)
        assert read == [str(number) for number in labels]


def test_the_layout_says_what_was_found(tmp_path):
    (tmp_path / "a.csv").write_text(csv_text(images_of(4), list("ABCD"), last=True, header=True))
    layout = read_layout(tmp_path / "a.csv")
    assert (layout.label, layout.side, layout.header, layout.delimiter) == (16, 4, True, ",")


# idx


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


# npz


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


# Folders and ZIPs of images


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def make_folder(folder, files: dict[str, bytes]):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def make_zip(path, files: dict[str, bytes], method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


IMAGES = images_of(3, 8)
CLASS_FOLDERS = {
    "ka/1.png": png(IMAGES[0]),
    "ka/2.png": png(IMAGES[1]),
    "kha/1.png": png(IMAGES[2]),
    "readme.txt": b"x",
}
LISTED = {
    "Img/1.png": png(IMAGES[0]),
    "Img/2.png": png(IMAGES[1]),
    "Img/3.png": png(IMAGES[2]),
    "labels.csv": b"image,label\nImg/1.png,ka\nImg/2.png,ka\nImg/3.png,kha\n",
}


@pytest.mark.parametrize("files", [CLASS_FOLDERS, LISTED, {f"top/{name}": data for name, data in LISTED.items()}])
@pytest.mark.parametrize(
    "make", [lambda tmp, files: make_folder(tmp / "d", files), lambda tmp, files: make_zip(tmp / "d.zip", files)]
)
def test_folders_and_zips_of_images(tmp_path, files, make):
    images, labels = gathered(make(tmp_path, files))
    assert labels == ["ka", "ka", "kha"]
    assert np.array_equal(images, IMAGES)


def test_folders_above_the_classes_are_the_splits(tmp_path):
    files = {"train/a/1.png": png(IMAGES[0]), "train/b/1.png": png(IMAGES[1]), "test/a/1.png": png(IMAGES[2])}
    dataset = import_dataset(make_zip(tmp_path / "d.zip", files), "mine")
    assert dataset.splits == {"train": 2, "test": 1}


def test_photos_go_through_the_apps_own_preprocessing(tmp_path):
    files = {
        "A/1.png": png(sheet("A")),
        "T/1.png": png(sheet("T", side=300)),
        "T/2.png": png(np.full((50, 40), 255, np.uint8)),
    }
    dataset = import_dataset(make_folder(tmp_path / "d", files), "mine")
    assert dataset.images.shape == (3, 28, 28)
    assert dataset.images[0].max() == 255
    assert dataset.images[0][0].max() == 0
    assert dataset.images[2].max() == 0  # the blank sheet


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels.csv": b"image,label\nImg/1.png,ka\nImg/9.png,ka\n"}, "line 3: there is no image 'Img/9.png'"),
        ({"labels.csv": b"image,label\nImg/1.png,\n"}, "line 2: the label is missing"),
        ({"labels.csv": b"file,class\nImg/1.png,a\n"}, "line 1: needs the columns"),
        ({"labels.csv": b"image,label\n../secret.png,a\n"}, "line 2: there is no image"),
        ({"labels.csv": b"\xff\xfe"}, "not UTF-8"),
        ({"labels.csv": b"image,label,split\nImg/1.png,a,exam\n"}, "line 2: the split is 'exam'"),
        ({"Img/2.png": b"no image"}, r"line 3: 2\.png: This is not an image"),
        ({"Img/2.png": png(IMAGES[0])[:60]}, r"line 3: 2\.png"),
    ],
)
def test_bad_images_and_lists_are_refused(tmp_path, change, reason):
    with pytest.raises(DatasetError, match=reason):
        gathered(make_zip(tmp_path / "d.zip", LISTED | change))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"readme.txt": b"x"}, "no images"),
        ({"1.png": png(IMAGES[0])}, r"1\.png lies in no class folder"),
        ({}, "no images"),
    ],
)
def test_a_zip_without_classes_is_refused(tmp_path, files, reason):
    with pytest.raises(DatasetError, match=reason):
        gathered(make_zip(tmp_path / "d.zip", files))


@pytest.mark.parametrize("name", ["../a/1.png", "a/../../1.png", "/etc/1.png", "C:/a/1.png", "a\\..\\1.png"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path, name):
    with pytest.raises(DatasetError, match="outside the archive"):
        gathered(make_zip(tmp_path / "d.zip", {name: png(IMAGES[0])}))


def test_a_zip_with_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("a/1.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(DatasetError, match="is a link"):
        gathered(tmp_path / "d.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_is_refused_unopened(tmp_path, method):
    make_zip(tmp_path / "d.zip", {"a/1.bmp": bytes(30 << 20)}, method)
    with pytest.raises(DatasetError, match="times"):
        gathered(tmp_path / "d.zip")


def test_one_bomb_among_many_good_files_is_refused(tmp_path):
    noise = np.random.default_rng(0).bytes(1 << 20)
    make_zip(tmp_path / "d.zip", {"a/1.png": noise, "a/2.png": bytes(8 << 20)})
    with pytest.raises(DatasetError, match=r"2\.png.*-fold"):
        check_archive(tmp_path / "d.zip")


def test_a_zip_of_a_million_entries_is_refused_by_its_end_record(tmp_path):
    """The list of entries is never built: here there is none."""
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 10**6, 10**6, 10**6 * 60, 0)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    (tmp_path / "d.zip").write_bytes(record + locator + end)
    with pytest.raises(DatasetError, match="1,000,000 entries"):
        gathered(tmp_path / "d.zip")


def test_the_cap_on_entries_counts_real_ones_too(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    with pytest.raises(DatasetError, match="3 entries"):
        gathered(make_zip(tmp_path / "d.zip", {f"a/{i}.png": b"" for i in range(3)}))


@pytest.mark.parametrize("data", [b"", b"PK\5\6", b"no zip at all"])
def test_a_broken_zip_is_refused(tmp_path, data):
    (tmp_path / "d.zip").write_bytes(data)
    with pytest.raises(DatasetError, match=r"d\.zip"):
        gathered(tmp_path / "d.zip")


def test_a_folders_links_out_of_it_are_not_followed(tmp_path):
    make_folder(tmp_path, {"secret.png": png(IMAGES[0]), "d/a/1.png": png(IMAGES[1])})
    os.symlink(tmp_path / "secret.png", tmp_path / "d" / "a" / "2.png")
    assert len(gathered(tmp_path / "d")[1]) == 1


@pytest.mark.parametrize("name", ["a.docx", "a.png", "none.csv"])
def test_other_files_are_refused(tmp_path, name):
    (tmp_path / "a.docx").write_bytes(b"x")
    (tmp_path / "a.png").write_bytes(png(IMAGES[0]))
    with pytest.raises(DatasetError, match=name):
        import_dataset(tmp_path / name, "bad")


# Round trips


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


def test_bytes_in_memory_are_enough_for_a_zip_made_elsewhere(tmp_path):
    """Windows writes names with backslashes and no modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("a/1.png")
        info.create_system, info.external_attr = 0, 0
        file.writestr(info, png(IMAGES[0]))
    (tmp_path / "w.zip").write_bytes(buffer.getvalue())
    assert gathered(tmp_path / "w.zip")[1] == ["a"]
