"""Folders and ZIPs of images; what is bad or dangerous in them is refused."""

import os
import stat
import struct
import zipfile

import cv2
import numpy as np
import pytest
from conftest import gathered, images_of, sheet

from hcr_core.datasets import DatasetError, import_dataset
from hcr_core.datasets.readers import archive
from hcr_core.datasets.readers.archive import check_archive


@pytest.fixture(autouse=True)
def _imported_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path / "cache"))


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
    dataset = import_dataset(make_zip(tmp_path / "d.zip", files), "own")
    assert dataset.splits == {"train": 2, "test": 1}


def test_photos_go_through_the_apps_own_preprocessing(tmp_path):
    files = {
        "A/1.png": png(sheet("A")),
        "T/1.png": png(sheet("T", side=300)),
        "T/2.png": png(np.full((50, 40), 255, np.uint8)),
    }
    dataset = import_dataset(make_folder(tmp_path / "d", files), "own")
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
        ({"labels.csv": b"image,label\nImg/1.png,a\nImg/1.png,b\n"}, "line 3: the image 'Img/1.png' is named twice"),
        ({"labels.csv": b"image,label\nImg/1.png," + b"a" * 200_000}, "field larger than field limit"),
        ({"labels.csv": b"i" * 200_000}, "field larger than field limit"),
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


def test_a_zip_made_on_windows_is_read(tmp_path):
    """It gives no modes."""
    info = zipfile.ZipInfo("a/1.png")
    info.create_system, info.external_attr = 0, 0
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as file:
        file.writestr(info, png(IMAGES[0]))
    assert gathered(tmp_path / "w.zip")[1] == ["a"]
