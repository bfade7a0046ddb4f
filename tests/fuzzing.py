"""How the fuzzed tests are made: how many cases, in which folders, and files of pictures to break.

``make test`` tries ``CASES`` of them, the same every time; ``make fuzz`` 100,000 new ones (``HCR_FUZZ_CASES``).
What a case costs at most is in ``hostile``.
"""

import contextlib
import io
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import sheet
from hypothesis import HealthCheck, settings
from PIL import Image, PngImagePlugin

#: How many cases there are in all, and the seed-less variety of the nightly run.
CASES = 2_000
WANTED = int(os.environ.get("HCR_FUZZ_CASES", CASES))
TRIED: Counter = Counter()


def cases(share: float):
    """A test of this share of all cases."""

    def decorate(test):
        return settings(
            max_examples=max(1, round(share * WANTED)),
            deadline=None,
            database=None,
            derandomize=WANTED <= CASES,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )(test)

    return decorate


def there_were_enough(share: float, *kinds: str) -> None:
    """How many cases of each kind a file had; skipped where only some of its tests were run."""
    if not all(TRIED[kind] for kind in kinds):
        pytest.skip("only some of the tests of this file were run")
    tried = {kind: TRIED[kind] for kind in kinds}
    print(f"{sum(tried.values()):,} cases: " + ", ".join(f"{kind} {count:,}" for kind, count in tried.items()))
    assert sum(tried.values()) >= 0.97 * share * WANTED, tried


@pytest.fixture(scope="module", autouse=True)
def places(tmp_path_factory):
    """Folders of a file's tests alone; a file that imports it has them."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "IMPORTED", "RUNS", "MODELS"):
            patch.setenv(f"HCR_{name}_DIR", str(folder / name.lower()))
        yield folder


@contextlib.contextmanager
def scratch():
    """A folder for one case."""
    folder = Path(tempfile.mkdtemp(prefix="hcr-fuzz-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _saved(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _image_files() -> list[bytes]:
    """Every format and mode that is read, small; and files of other kinds."""
    gray = Image.fromarray(sheet("F", side=40, size=24, at=(8, 8), pen=3))
    rgb, rgba = gray.convert("RGB"), gray.convert("RGBA")
    palette, deep = gray.convert("P"), Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    floats = Image.fromarray((np.asarray(gray) / 255).astype(np.float32))
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "x" * 200, zip=True)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a letter"
    files = [_saved(image, "PNG") for image in (gray, rgb, rgba, deep, gray.convert("1"), gray.convert("LA"))]
    files += [_saved(palette, "PNG", transparency=0), _saved(rgb, "PNG", pnginfo=text, exif=exif)]
    files += [
        _saved(rgb, "JPEG", exif=exif),
        _saved(gray, "JPEG", progressive=True),
        _saved(rgb.convert("CMYK"), "JPEG"),
    ]
    files += [_saved(palette, "GIF"), _saved(gray, "GIF", save_all=True, append_images=[gray.rotate(90)])]
    files += [_saved(image, "BMP") for image in (gray, rgb, gray.convert("1"))]
    files += [
        _saved(rgb, "TIFF", compression=how) for how in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")
    ]
    files += [_saved(gray.convert("1"), "TIFF", compression="group4"), _saved(floats, "TIFF"), _saved(deep, "TIFF")]
    files += [
        _saved(rgba, "WEBP", lossless=True),
        _saved(rgb, "WEBP"),
        _saved(rgb, "WEBP", save_all=True, append_images=[rgb]),
    ]
    files += [_saved(rgb, "ICO", sizes=[(16, 16)]), _saved(rgb, "PPM"), b"%PDF-1.7\n", b"8BPS\0\1" + bytes(40)]
    files += [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ]
    return files


IMAGES = _image_files()
