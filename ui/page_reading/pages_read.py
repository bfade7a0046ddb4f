"""Images read as words, lines or pages, kept for the visit; and what the visitor corrected in them."""

import base64
import hashlib
from dataclasses import dataclass, replace

import cv2
import numpy as np
import streamlit as st

from hcr_core import Reading
from hcr_core.annotation import annotated
from hcr_core.imaging import decode, encoded, flatten
from hcr_core.journal import timed
from hcr_core.page_reading import Steps
from hcr_core.reading_corrections import Correction, clean, corrections, found_again, outdated
from hcr_core.upright import upright
from ui.cores import all_cores
from ui.data import recognizer
from ui.reading import Seen, look

#: Longer side of the picture that is sent to the browser: still crisp where a page is zoomed in.
_SHOWN_SIDE = 2400
#: Longer side of the pictures of the steps.
_STEP_SIDE = 1200
#: Images of a visit whose readings and corrections are kept: a full page's takes about four megabytes.
KEPT = 24
#: Levels, of 255, by which the pixels of a step may differ where there is nothing to see.
_EVEN = 2
_CORRECTIONS = "page_corrections"
_SHOWN = "pages_shown"


@dataclass(frozen=True)
class Way:
    """How to read an image: ``recognition.LAYOUTS``, ``alphabet.KINDS``, a model of the store and its checksum, and
    perhaps a language of ``word_list.LANGUAGES``; whether it is known to lie as it should."""

    layout: str
    classes: str
    model: str
    version: str
    language: str | None = None
    upright: bool = False

    @classmethod
    def of(cls, layout: str, classes: str, model: str, language: str | None = None) -> "Way":
        """With the model as it is now; raises ``ModelError``."""
        return cls(layout, classes, model, recognizer(model).card["files"]["model.tflite"], language)


@dataclass(frozen=True)
class ReadPage:
    """An image that was read, and all that is needed to show it; the image itself stays where it was.

    Attributes:
        identity: Of the image's content and the way it was read.
        subject: What it is a reading of, however that is read: corrections made in one reading of it are looked for
            in the next.
        way: How it was read.
        reading: Boxes are in pixels of the image.
        shown: The same with the image turned upright, in pixels of ``size``.
        picture: The image turned upright, as a data URL.
        size: Width and height of the upright image.
    """

    identity: str
    subject: str
    way: Way
    reading: Reading
    shown: Reading
    picture: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Step:
    """A step of the reading as a JPEG file, and whether there is nothing on it."""

    picture: bytes
    empty: bool


def digest(image: bytes, way: Way | None = None) -> str:
    """The same for the same content, read the same way."""
    return hashlib.blake2b(image + repr(way).encode(), digest_size=16).hexdigest()


def read_photo(image: bytes, way: Way) -> ReadPage:
    """Read an image file, or find it read; raises ``ImageError``, ``ModelError``, ``AlphabetError``."""
    return _photo(digest(image, way), way, image)


def read_drawing(image: bytes, way: Way, sheet: str) -> ReadPage:
    """``read_photo`` without a sign of work, which would flicker with every stroke; of a sheet by this name, on
    which more may be written."""
    way = replace(way, upright=True)
    return _drawing(digest(image, way), way, image, sheet)


def read_one(image: bytes, way: Way) -> Seen:
    """The one character on an image file, or find it read; raises as ``read_photo``."""
    return _one(digest(image, way), way, image)


@st.cache_resource(show_spinner=False, max_entries=KEPT, scope="session")
def _one(identity: str, way: Way, _image: bytes) -> Seen:
    return look(decode(_image), way.classes, way.model)


@st.cache_resource(show_spinner="Reading …", max_entries=KEPT, scope="session")
def _photo(identity: str, way: Way, _image: bytes) -> ReadPage:
    return _read(identity, digest(_image), way, _image)


@st.cache_resource(show_spinner=False, max_entries=2, scope="session")
def _drawing(identity: str, way: Way, _image: bytes, sheet: str) -> ReadPage:
    return _read(identity, sheet, way, _image)


def _read(identity: str, subject: str, way: Way, image: bytes) -> ReadPage:
    pixels = flatten(decode(image))
    asked = {"height": pixels.shape[0], "width": pixels.shape[1], "model": way.model, "layout": way.layout}
    with all_cores(), timed("reading", **asked):
        reading = recognizer(way.model).read(
            pixels, way.layout, way.classes, language=way.language, upright=way.upright
        )
    turned, shown = upright(pixels, reading)
    small = _reduced(turned, _SHOWN_SIDE)
    return ReadPage(identity, subject, way, reading, shown, _jpeg_url(small), turned.shape[1::-1])


def _reduced(image: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = tuple(max(1, round(length * scale)) for length in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _jpeg_url(image: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encoded(image, ".jpg")).decode()


def steps_of(page: ReadPage, image: bytes) -> dict[str, Step]:
    """What was seen on the way to ``page``, by the step's name."""
    return _steps(page.identity, page.way, image)


@st.cache_resource(show_spinner="Looking at each step …", max_entries=2, scope="session")
def _steps(identity: str, way: Way, _image: bytes) -> dict[str, Step]:
    pixels, steps = flatten(decode(_image)), Steps(wanted=True)
    with all_cores():
        reading = recognizer(way.model).read(pixels, way.layout, way.classes, steps, way.language, upright=way.upright)
    steps.add("boxes", annotated(*upright(pixels, reading)))
    return {name: _step(_reduced(image, _STEP_SIDE)) for name, image in steps.images.items()}


def _step(image: np.ndarray) -> Step:
    return Step(encoded(image, ".jpg"), bool(np.ptp(image, axis=(0, 1)).max() <= _EVEN))


def corrections_of(page: ReadPage) -> dict[int, str]:
    """What the visitor corrected, by position in ``page.reading.characters``."""
    return found_again(page.reading, _made(page))[0]


def lost_corrections(page: ReadPage) -> int:
    """How many corrections of the same photo or sheet do not apply to this reading of it."""
    return len(outdated(page.reading, _made(page)))


def forget_corrections(subject: str) -> None:
    """Of a ``ReadPage.subject``, however it was read."""
    st.session_state.get(_CORRECTIONS, {}).pop(subject, None)


def _made(page: ReadPage) -> tuple[Correction, ...]:
    return st.session_state.get(_CORRECTIONS, {}).get(page.subject, ())


def remember_shown(page: ReadPage) -> None:
    """That the browser is shown this page now; what it showed before may still be corrected in it."""
    shown = st.session_state.get(_SHOWN, ())
    if not shown or shown[-1].identity != page.identity:
        st.session_state[_SHOWN] = (*shown[-1:], page)


def keep_corrections(identity: str, sent: object) -> None:
    """Keep the corrections that the browser sent for a page it shows, beside those of other readings of that.

    While the last stroke is read the browser shows the reading before, which is then the one that is corrected.
    """
    page = next((page for page in st.session_state.get(_SHOWN, ()) if page.identity == identity), None)
    if page is None:
        return
    labels = accepted(sent, len(page.reading.characters))
    elsewhere = found_again(page.reading, _made(page))[1]
    kept = st.session_state.setdefault(_CORRECTIONS, {})
    kept.pop(page.subject, None)
    kept[page.subject] = (*elsewhere, *corrections(page.reading, labels))
    while len(kept) > KEPT:
        kept.pop(next(iter(kept)))


def accepted(sent: object, characters: int) -> dict[int, str]:
    """Labels by position, of what the browser sent as labels by the position's digits."""
    if not isinstance(sent, dict):
        return {}
    return {
        int(i): clean(label)
        for i, label in sent.items()
        if i.isascii() and i.isdecimal() and len(i) < 10 and int(i) < characters and isinstance(label, str)
    }
