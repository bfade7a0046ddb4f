import io
import struct
import zlib

import numpy as np
import pytest
from conftest import sheet
from PIL import Image

from hcr_core.imaging import MAX_BYTES, ImageError, decode, flatten, read_file


def encoded(image, format_: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, format_, **options)
    return buffer.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is large but holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "JPEG"])
def test_formats_come_out_upright_and_with_their_polarity(format_):
    image = sheet("F")
    pixels = decode(encoded(image, format_, **({"lossless": True} if format_ == "WEBP" else {})))
    gray = pixels if pixels.ndim == 2 else pixels[..., :3].mean(axis=2)
    assert np.abs(gray.astype(float) - image).mean() < 3


@pytest.mark.parametrize(
    ("orientation", "undo"), [(3, 2), (6, 1), (8, 3)], ids=["upside down", "turned right", "turned left"]
)
def test_exif_orientation_is_applied(orientation, undo):
    image = sheet("F")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(np.rot90(image, undo), "JPEG", exif=exif, quality=95)
    assert np.abs(decode(data).astype(float) - image).mean() < 3


def test_sixteen_bits_are_scaled_to_eight():
    image = sheet("F")
    assert np.array_equal(decode(encoded(Image.fromarray(image.astype(np.uint16) * 257))), image)


def test_twelve_bits_in_a_sixteen_bit_file_are_scaled_by_twelve():
    image = sheet("F")
    assert np.array_equal(decode(encoded(Image.fromarray(image.astype(np.uint16) * 16 + image // 16))), image)


def test_floats_from_zero_to_one_are_scaled():
    image = sheet("F")
    assert np.array_equal(decode(encoded(Image.fromarray((image / 255).astype(np.float32)), "TIFF")), image)


def test_cmyk_becomes_rgb():
    pixels = decode(encoded(Image.fromarray(sheet("F")).convert("CMYK"), "JPEG", quality=95))
    assert pixels.shape == (200, 200, 3)
    assert np.abs(pixels.mean(axis=2) - sheet("F")).mean() < 6


def test_an_animated_gif_gives_its_first_frame():
    frames = [Image.fromarray(sheet(label)) for label in "FA"]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    pixels = decode(data)
    assert np.abs(pixels.reshape(200, 200, -1)[..., 0].astype(float) - sheet("F")).mean() < 3


def test_a_palette_with_transparency_keeps_it():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((2, 3), 1)
    pixels = decode(encoded(image, transparency=0))
    assert pixels.shape == (8, 8, 4)
    assert pixels[0, 0, 3] == 0
    assert pixels[3, 2].tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"this is a text file with another name", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"%PDF-1.7\n", "a PDF, which is not read: save its page as PNG or JPEG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photo, which is not read: save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "not an image"),  # a film
        (encoded(sheet("F"), "JPEG")[:900], "cut short"),
        (encoded(sheet("F"))[:300], "cannot be read"),
        (png_of_size(20_000, 20_000), "megapixels"),
        (png_of_size(6_000, 5_000), "megapixels"),
        (b"\0" * (MAX_BYTES + 1), "MB"),
    ],
    ids=[
        *("empty", "text", "svg", "pdf", "heic", "film", "truncated jpeg", "truncated png"),
        *("400 megapixels", "30 megapixels", "too long"),
    ],
)
def test_bad_files_are_refused_with_one_sentence(data, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        decode(data)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named_as_missing(tmp_path):
    with pytest.raises(ImageError, match="No such file"):
        read_file(tmp_path / "nothing.png")


def test_dark_ink_on_a_transparent_sheet_lies_on_white_and_light_ink_on_black():
    alpha = 255 - sheet("F")
    for ink, paper in ((20, 255), (250, 0)):
        canvas = np.dstack([np.full((200, 200, 3), ink, np.uint8), alpha])
        flat = flatten(canvas)
        assert flat[0, 0].tolist() == [paper] * 3
        assert np.abs(flat[alpha == 255].astype(int) - ink).max() <= 1


@pytest.mark.parametrize(
    "image",
    [[1, 2], np.zeros((3, 3)), np.zeros((3, 3, 2), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(5, np.uint8)],
    ids=["a list", "float", "two channels", "no pixels", "one axis"],
)
def test_other_arrays_are_no_images(image):
    with pytest.raises(ImageError):
        flatten(image)
