"""Untrusted bytes to an image array: size caps before decoding, first frame, EXIF, 16 bits, CMYK."""

import io
import math
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from hcr_core.sentences import OneLineError

#: A file or upload above this is refused unread. A 12-megapixel phone photo has 3 to 8 MB.
MAX_BYTES = 20 * 1024 * 1024
#: Width x height above this is refused before any pixel is decoded (75 MB as RGB).
MAX_PIXELS = 25_000_000
#: WebP's decoder holds every pixel five times over.
MAX_WEBP_PIXELS = 12_500_000
#: Scans of a progressive JPEG: encoders write 10, and each one costs another pass over all pixels, however short it is.
MAX_SCANS = 64
_START_OF_SCAN = b"\xff\xda"
#: What turns an image upright, by the value of its EXIF orientation (JEITA CP-3451, tag 0x0112).
_UPRIGHT = {
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, 3),
    7: lambda image: np.rot90(image.swapaxes(0, 1), 2),
    8: np.rot90,
}
#: Brands of HEIF files with HEVC inside (ISO/IEC 23008-12), and of any coding, as telephones write them.
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
#: Rows of 16-bit or float samples that are scaled at a time.
_ROWS = 256
#: Pillow decoders that may see untrusted bytes; the rest (EPS, PSD, ...) never start.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
#: File endings of those formats, for listing folders.
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"})


class ImageError(OneLineError):
    """An image that cannot be read; the message is one sentence for the person who sent it."""


def decode(data: bytes) -> np.ndarray:
    """The first frame of an image file, upright.

    Args:
        data: The bytes of a PNG, JPEG, GIF, BMP, TIFF or WebP file.

    Returns:
        uint8 (H, W) for gray, (H, W, 3) RGB or (H, W, 4) RGBA with straight alpha; the EXIF
        orientation is applied, 16-bit samples are scaled to 8.

    Raises:
        ImageError: Empty, too large (``MAX_BYTES``, ``MAX_PIXELS``), of another format or damaged.
    """
    if not data:
        raise ImageError("The file is empty.")
    if len(data) > MAX_BYTES:
        raise ImageError(f"The file has {len(data) / 2**20:.0f} MB; at most {MAX_BYTES / 2**20:.0f} MB are read.")
    # Within a scan, FF is always followed by 00 (ITU T.81, B.1.1.5), so that counting finds the markers alone.
    if data[:2] == b"\xff\xd8" and data.count(_START_OF_SCAN) > MAX_SCANS:
        raise ImageError(f"The image cannot be read: it comes in more than {MAX_SCANS} scans.")
    try:
        with warnings.catch_warnings():
            # Pillow warns of its own, larger limit (ours is checked below, before decoding) and of
            # damaged EXIF, which costs an image nothing but its orientation.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _pixels(image)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(
            f"The image has too many pixels; at most {MAX_PIXELS / 1e6:.0f} megapixels are read."
        ) from None
    except UnidentifiedImageError:
        raise ImageError(_other_format(data)) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, OverflowError) as error:
        # Pillow's decoders raise all of these on damaged files.
        reason = "it is cut short" if "truncated" in str(error).lower() else "its contents are damaged"
        raise ImageError(f"The image cannot be read: {reason}.") from None


def _other_format(data: bytes) -> str:
    """What to do about a file of no format that is read: people take photos of telephones and PDFs for images."""
    if data[:5] == b"%PDF-":
        return "This is a PDF, which is not read: save its page as PNG or JPEG."
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        return "This is a HEIC photo, which is not read: save it as JPEG or PNG."
    return "This is not an image that can be read (PNG, JPEG, GIF, BMP, TIFF or WebP)."


def _pixels(image: Image.Image) -> np.ndarray:
    """The first frame as an array, with as few copies of it as can be: 25 megapixels of RGBA are 100 MB each time."""
    width, height = image.size
    most = MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_PIXELS
    if width * height > most:
        raise ImageError(
            f"The image has {width} x {height} = {width * height / 1e6:.0f} megapixels; "
            f"at most {most / 1e6:.3g} are read{' as WebP' if image.format == 'WEBP' else ''}."
        )
    image.seek(0)
    image.load()
    upright = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation), lambda image: image)
    if image.mode.startswith("I") or image.mode == "F":
        return np.ascontiguousarray(upright(_to_8_bits(np.asarray(image))))
    transparent = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if transparent else "L" if image.mode in ("1", "L") else "RGB"
    if image.mode != mode:
        original, image = image, image.convert(mode)
        original.close()
    samples = np.asarray(image)
    image.close()
    return np.ascontiguousarray(upright(samples))


def _to_8_bits(samples: np.ndarray) -> np.ndarray:
    """Gray samples of 9 to 16 bits, or float ones of 0-1, to uint8; 8-bit values are left as they are."""
    blocks = [samples[start : start + _ROWS] for start in range(0, len(samples), _ROWS)]
    brightest = max(float(np.nan_to_num(block.astype(np.float32)).max(initial=0)) for block in blocks)
    scale = 1.0
    if brightest > 255:
        # A scanner's 12 bits in a 16-bit file are 12 bits: full white is the next power of two.
        scale = 255 / (2 ** math.ceil(math.log2(brightest + 1)) - 1)
    elif samples.dtype.kind == "f" and brightest <= 1:
        scale = 255.0
    scaled = np.empty(samples.shape, np.uint8)
    for start, block in zip(range(0, len(samples), _ROWS), blocks, strict=True):
        values = np.nan_to_num(block.astype(np.float32)) * np.float32(scale)
        scaled[start : start + _ROWS] = np.clip(values, 0, 255).round()
    return scaled


def read_file(path: str | Path) -> np.ndarray:
    """``decode`` of a file; raises ``ImageError`` also when it cannot be opened."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(f"The file cannot be opened: {error.strerror or error}.") from None
    except ValueError:  # a zero byte
        raise ImageError("The file cannot be opened: no file can have this name.") from None
    return decode(data)


def encoded(image: np.ndarray, suffix: str = ".png", quality: int = 90) -> bytes:
    """An image, uint8 (H, W) or (H, W, 3) RGB, as the bytes of a PNG file, or of a JPEG of that quality.

    Also for files: ``cv2.imwrite`` cannot write to every file name on Windows.
    """
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    return cv2.imencode(suffix, bgr, options)[1].tobytes()


def flatten(image: np.ndarray) -> np.ndarray:
    """Put a transparent image on paper that its ink stands out from.

    Args:
        image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA with straight alpha.

    Returns:
        uint8 (H, W) or (H, W, 3): RGBA laid on white, or on black where what is visible is light
        (white chalk on a transparent canvas would vanish on white).

    Raises:
        ImageError: Another shape or dtype, or no pixels.
    """
    if not isinstance(image, np.ndarray):
        raise ImageError(f"An image is an array of numbers, not a {type(image).__name__}.")
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.size == 0:
        raise ImageError(f"An image is uint8 (H, W), (H, W, 3) or (H, W, 4), not {image.dtype} {image.shape}.")
    if image.ndim == 2:
        return image
    if image.shape[2] not in (3, 4):
        raise ImageError(f"An image has 1, 3 or 4 channels, not {image.shape[2]}.")
    if image.shape[2] == 3:
        return image
    alpha = cv2.extractChannel(image, 3)
    if alpha.min() == 255:
        return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
    # A sample is enough to tell light ink from dark, and keeps a 25-megapixel image cheap.
    step = max(1, round((alpha.size / 250_000) ** 0.5))
    weight = alpha[::step, ::step, None].astype(np.float32)
    visible = float((image[::step, ::step, :3] * weight).sum()) / max(3 * float(weight.sum()), 1e-6)
    # Only a mostly transparent sheet says where the ink is by its alpha.
    light_ink = visible > 170 and float(weight.mean()) < 128
    uncovered = np.zeros_like(alpha) if light_ink else 255 - alpha
    channels = [cv2.multiply(channel, alpha, scale=1 / 255) for channel in cv2.split(image)[:3]]
    return cv2.merge([cv2.add(channel, uncovered) for channel in channels])
