"""Files made to do harm: bombs, lies about sizes, names that lead elsewhere, files by the thousand."""

import gzip
import io
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest
from conftest import ROOT, gathered, images_of, sheet
from hostile import survives
from PIL import Image

from hcr_core.cli import main
from hcr_core.datasets import DatasetError, import_dataset
from hcr_core.datasets.readers import blocks_of
from hcr_core.datasets.registry import imported
from hcr_core.imaging import MAX_PIXELS, ImageError, decode, read_file
from hcr_core.sentences import MOST, OneLineError, one_line

#: Address space of a process that reads a bomb, beyond what its libraries take: NumPy, OpenCV, polars.
_ROOM = 2 << 30


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))


def refusal(path, label_column=None) -> str:
    """The sentence by which a reader refuses a file, within the limits."""
    found = []

    def read():
        try:
            for _ in blocks_of(path, label_column):
                pass
        except DatasetError as error:
            found.append(str(error))
            raise

    survives(read, DatasetError)
    assert found, "it was read"
    return found[0]


def png(side: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(images_of(1, side)[0]).save(buffer, "PNG")
    return buffer.getvalue()


# Images


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_bomb(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG of a few kilobytes whose pixels, or what ``extra`` holds, unpack to very much."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(min((width + 1) * height, 1 << 24)), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [_chunk(b"IHDR", header), *extra, _chunk(b"IDAT", body), _chunk(b"IEND", b"")]
    )


def _many_scans(scans: int) -> bytes:
    """A progressive JPEG that repeats its last scan, which costs a pass over all pixels each time."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((3000, 3000), 128, np.uint8)).save(buffer, "JPEG", progressive=True, quality=1)
    data = buffer.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


_TEXT = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50 << 20)))
_PROFILE = _chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(50 << 20)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_png_bomb(60_000, 60_000), "too many pixels|megapixels"),
        (_png_bomb(2**31 - 1, 1), "megapixels|too many"),
        (_png_bomb(100, 100, _TEXT), "damaged"),
        (_many_scans(10_000), "scans"),
        (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0), "pixels"),
        (b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b";", "pixels|cut short|damaged|not an image"),
    ],
    ids=["pixels", "one line", "text", "scans", "bmp", "gif"],
)
def test_a_picture_bomb_is_refused(data, reason):
    assert len(data) < 1 << 20
    with pytest.raises(ImageError, match=reason):
        survives(lambda: decode(data))


def test_a_bomb_in_a_colour_profile_is_not_unpacked():
    survives(lambda: decode(_png_bomb(100, 100, _PROFILE)), ImageError)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16", "P", "CMYK"])
def test_the_largest_pictures_stay_within_the_memory(mode):
    side = int(MAX_PIXELS**0.5)
    image = Image.new(mode, (side, side), 1)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF" if mode == "CMYK" else "PNG", **({"compression": "packbits"} if mode == "CMYK" else {}))
    del image
    if buffer.tell() < 20 << 20:
        assert survives(lambda: decode(buffer.getvalue())).shape[:2] == (side, side)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_are_as_pillow_has_them(orientation):
    from PIL import ImageOps

    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(sheet("F")[:150]).save(buffer, "PNG", exif=exif)
    with Image.open(io.BytesIO(buffer.getvalue())) as image:
        wanted = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(decode(buffer.getvalue()), wanted)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.png", b"<html><script>alert(1)</script></html>"),
        ("program.jpg", b"\x7fELF\2\1\1" + bytes(60)),
        ("vector.png", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("script.gif", b"#!/bin/sh\nid\n"),
        ("paper.tif", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        ("archive.png", b"PK\3\4" + bytes(30)),
    ],
)
def test_a_forged_extension_is_found_out(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError, match="not an image"):
        read_file(tmp_path / name)


def test_a_file_of_two_kinds_is_only_what_it_is_read_as(tmp_path):
    """A GIF with a ZIP behind it, or a page in its comment: its pixels are all that is ever looked at."""
    buffer = io.BytesIO()
    Image.fromarray(sheet("F")).save(buffer, "GIF", comment=b"<script>alert(1)</script>")
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("a/1.png", png())
    pixels = decode(buffer.getvalue())
    assert np.abs(pixels.reshape(200, 200, -1)[..., 0].astype(int) - sheet("F")).mean() < 3
    (tmp_path / "both.zip").write_bytes(buffer.getvalue())
    assert gathered(tmp_path / "both.zip")[1] == ["a"]


# Data sets


def _bounded(code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python with bounded room; a bomb that is unpacked after all ends in ``MemoryError``."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({_ROOM}, {_ROOM}))\n"
    command = [sys.executable, "-c", limit + code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


_REFUSED = """
import sys
from pathlib import Path
from hcr_core.datasets import DatasetError
from hcr_core.datasets.readers import blocks_of
try:
    for block in blocks_of(Path(sys.argv[1])):
        pass
except DatasetError as error:
    print(error)
"""


def _npy_header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def _endless_line(folder):
    (folder / "bomb.csv").write_bytes(b"1," * (40 << 20))
    return folder / "bomb.csv"


def _long_label(folder):
    (folder / "bomb.csv").write_bytes(b"a,1,2,3,4\n" * 100_000 + b"x" * 100_000 + b",1,2,3,4\n")
    return folder / "bomb.csv"


def _gz(folder):
    """A million times a million pixels in a few kilobytes."""
    (folder / "a-images-idx3-ubyte.gz").write_bytes(gzip.compress(struct.pack(">HBBIII", 0, 8, 3, 10**6, 28, 28)))
    (folder / "a-labels-idx1-ubyte.gz").write_bytes(
        gzip.compress(struct.pack(">HBBI", 0, 8, 1, 3_900_000) + bytes(3_900_000))
    )
    return folder / "a-images-idx3-ubyte.gz"


def _npz(folder):
    """Labels of gigabytes, by a header that lies."""
    with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.npy", _npy_header((2**33,), "<U100"))
        archive.writestr("images.npy", _npy_header((2**33, 28, 28)))
    return folder / "bomb.npz"


def _npz_text(folder):
    with zipfile.ZipFile(folder / "bomb.npz", "w") as archive:
        archive.writestr("labels.npy", _npy_header((1000,), "<U10000") + "x".encode("utf-32-le") * 1000 * 10_000)
        archive.writestr("images.npy", _npy_header((1000, 4, 4)) + bytes(16_000))
    return folder / "bomb.npz"


def _overlapping(folder):
    """Fifty entries of the directory that share the bytes of one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.bmp", np.random.default_rng(0).integers(0, 2, 8 << 20, np.uint8).tobytes())
    data = buffer.getvalue()
    at = data.index(b"PK\1\2")
    entry = data[at : data.index(b"PK\5\6")]
    names = [f"{'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'[i]}/1.bmp".encode() for i in range(50)]
    entries = b"".join(entry.replace(b"a/1.bmp", name) for name in names)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 50, 50, len(entries), at, 0)
    (folder / "bomb.zip").write_bytes(data[:at] + entries + end)
    return folder / "bomb.zip"


def _csv_in_zip(folder):
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letters.csv", b"1," * (30 << 20))
    return folder / "bomb.zip"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_endless_line, "line 1: longer than 1 MB"),
        (_long_label, "line 100001: "),
        (_gz, "times its size"),
        (_npz, "labels takes"),
        (_npz_text, "more than 64 characters"),
        (_overlapping, "times|overlap|another name|File name in directory|cannot be read"),
        (_csv_in_zip, "times its size"),
    ],
)
def test_a_bomb_of_data_is_refused_in_little_room(tmp_path, make, reason):
    done = _bounded(_REFUSED, str(make(tmp_path)))
    assert done.returncode == 0, done.stderr[-1000:]
    assert re.search(reason, done.stdout), done.stdout
    assert "Memory" not in done.stdout + done.stderr


def test_wide_images_are_read_in_time(tmp_path):
    """The largest that are: 256 x 256 pixels a row."""
    row = ",".join(["200"] * 256 * 256)
    (tmp_path / "wide.csv").write_text("".join(f"{label},{row}\n" for label in "abab"))
    assert gathered(tmp_path / "wide.csv")[0].shape == (4, 256, 256)
    (tmp_path / "wider.csv").write_text("a," + ",".join(["2"] * 300 * 300) + "\n")
    assert "90,001 columns" in refusal(tmp_path / "wider.csv")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400", "-0.5", "1e-9"])
def test_numbers_that_are_no_pixels(tmp_path, number):
    (tmp_path / "a.csv").write_text(f"a,1,2,3,4\nb,1,{number},3,4\n")
    assert "line 2, column 3" in refusal(tmp_path / "a.csv", "first")
    np.savez(tmp_path / "a.npz", images=np.full((2, 4, 4), float(number)), labels=np.array(["a", "b"]))
    assert "whole numbers 0-255" in refusal(tmp_path / "a.npz")


def test_labels_that_are_no_numbers_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", images=images_of(2), labels=np.array([1.0, np.nan]))
    assert "not numbers or text" in refusal(tmp_path / "a.npz")


def test_ten_thousand_pictures_in_a_zip_and_in_a_folder(tmp_path):
    """Slower than the other limits allow, because all of them are decoded."""
    data = png()
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for i in range(10_000):
            archive.writestr(f"{'ab'[i % 2]}/{i}.png", data)
    dataset = import_dataset(tmp_path / "many.zip", "many")
    assert dataset.counts == {"a": 5000, "b": 5000}


@pytest.mark.parametrize(
    "name", ["../outside", "/etc", "a/b", ".hidden", "", "a" * 65, "-rf", "$(id)", "a\nb", "con.txt"]
)
def test_a_data_sets_name_is_never_a_path(tmp_path, name):
    np.savez(tmp_path / "a.npz", images=images_of(2), labels=np.array(["a", "b"]))
    with pytest.raises(DatasetError, match="no name for a data set"):
        import_dataset(tmp_path / "a.npz", name)
    assert imported() == []


def test_links_lead_nowhere(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "1.png").write_bytes(png())
    (tmp_path / "set" / "a").mkdir(parents=True)
    (tmp_path / "set" / "a" / "1.png").write_bytes(png())
    os.symlink(secret / "1.png", tmp_path / "set" / "a" / "2.png")
    os.symlink(secret, tmp_path / "set" / "b")
    os.symlink(tmp_path / "set", tmp_path / "set" / "a" / "loop")
    os.symlink(tmp_path / "set" / "c", tmp_path / "set" / "c")
    assert gathered(tmp_path / "set")[1] == ["a"]
    (tmp_path / "set" / "labels.csv").write_text("image,label\n../secret/1.png,a\n")
    assert "there is no image '../secret/1.png'" in refusal(tmp_path / "set")


# Names and messages


def test_a_message_is_one_line_whatever_is_in_it():
    error = str(OneLineError("a\nb\x1b[31m\u202e\ud800" + "x" * 10_000))
    assert error.isprintable()
    assert len(error) < MOST + 40
    assert one_line("plain ક text") == "plain ક text"


def test_files_of_any_name_are_read_and_printed(tmp_path, capsys):
    """Bytes that are no text, line ends, escape sequences, markup: one line each on the terminal."""
    names = [b"\xff\xfe.png", b"two\nlines.png", b"\x1b[31mred.png", b"<script>.png", b"$(id).png", b"-rf.png"]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            Image.fromarray(sheet("F")).save(file, "PNG")
    command = [sys.executable, "-m", "hcr_core", "read", str(tmp_path)]
    for more in ([], ["--json"]):
        environment = os.environ | {"PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
        done = subprocess.run([*command, *more], cwd=ROOT, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr[-500:]
        assert len(done.stdout.splitlines()) == len(names)
        assert b"\x1b" not in done.stdout
    assert main(["read", str(tmp_path / ("x" * 300))]) == 1
    assert capsys.readouterr().err.count("\n") == 1
