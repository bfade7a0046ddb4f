"""Words, lines and pages, drawn on a wide sheet, uploaded or photographed."""

from collections.abc import Sequence
from typing import Protocol

import streamlit as st

from hcr_core.alphabet import Alphabet
from hcr_core.datasets.pen_text import text_strokes
from hcr_core.imaging import ImageError, encoded, flatten
from hcr_core.reading_corrections import corrected
from ui.canvas import drawing_pad, objects_on, show_drawing, stroke_objects
from ui.data import recognizer
from ui.fragments import fragment
from ui.page_reading.choices import read_photos_as
from ui.page_reading.pages_read import (
    KEPT,
    ReadPage,
    Way,
    corrections_of,
    forget_corrections,
    read_drawing,
    read_one,
    read_photo,
)
from ui.page_reading.room import on_a_phone, room_for
from ui.page_reading.view import page_view
from ui.reading import Seen, full_view, plain, table_to_take
from ui.uploads import Upload, keep_in_full

#: Widths of the sheets, of which the widest that fits is shown; heights by what is written; all in CSS pixels.
_NARROW, _WIDE = 340, 800
_WIDTHS = (_NARROW, 480, 640, _WIDE)
_HEIGHTS = {"line": 220, "page": 400}
#: So that on a phone, too, the text below is in sight.
_LOW = 320
#: A pen for writing of this x-height, in CSS pixels.
_PEN, _X_HEIGHT = 5, 46
_EXAMPLES = ("Hello", "2026", "Blue sky")
#: Says which of several photos is in full.
SHOWN = "recognize_page_shown"


class Choice(Protocol):
    """What the page's switches say."""

    model: str
    classes: str
    layout: str
    language: str | None


@fragment
def draw_writing(choice: Choice) -> None:
    """A wide sheet, and what is written on it."""
    key = f"recognize_{choice.layout}_pad"
    with st.container(gap=None):
        height = _HEIGHTS[choice.layout]
        size = (_width(key), min(height, _LOW) if on_a_phone() else height)
        # The text beside a high sheet where there is room, else below it.
        with st.container(horizontal=choice.layout == "page", gap="medium"):
            with st.container(width=size[0]):
                image = drawing_pad(key, pen=_PEN, size=size)
                _examples(key, choice, size)
            beside = st.container()
    if image is None:
        forget_corrections(key)
        beside.caption("Write on the sheet, in separate letters; it is read as you lift the pen.")
    else:
        drawing = encoded(flatten(image))
        page_view(read_drawing(drawing, _way(choice), key), drawing, "drawing", f"recognize_{choice.layout}", beside)


def _width(key: str) -> int:
    """As wide as there is room, but never less than what was written on: that scrolls sideways where it must."""
    width = room_for(_WIDTHS, _NARROW if on_a_phone() else _WIDE, "recognize_sheet_room")
    written_on = st.session_state.get(f"{key}_written_on", 0) if objects_on(key) else 0
    st.session_state[f"{key}_written_on"] = max(width, written_on)
    return max(width, written_on)


def _way(choice: Choice) -> Way:
    return Way.of(choice.layout, choice.classes, choice.model, choice.language)


def _examples(key: str, choice: Choice, size: tuple[int, int]) -> None:
    known = recognizer(choice.model).alphabet
    texts = [text for text in _EXAMPLES if _is_written_in(known, text)]
    if not texts:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown("Examples", width="content")
        for text in texts:
            st.button(text, key=f"{key}_example_{text}", on_click=_write, args=(key, text, size))


def _is_written_in(alphabet: Alphabet, text: str) -> bool:
    return all(label in alphabet for label in text.replace(" ", ""))


def _write(key: str, text: str, size: tuple[int, int]) -> None:
    """Write an example in the middle of a pad, as if the visitor had."""
    gap = _X_HEIGHT / 3
    _, width = text_strokes(text, 0, 0, x_height=_X_HEIGHT, gap=gap)
    scale = min(1.0, 0.9 * size[0] / width)
    place = ((size[0] - width * scale) / 2, size[1] / 2 + _X_HEIGHT * scale / 2)
    strokes, _ = text_strokes(text, *place, x_height=_X_HEIGHT * scale, gap=gap * scale)
    show_drawing(key, stroke_objects(strokes, _PEN))


Result = ReadPage | Seen | str


@fragment
def show_photos(files: Sequence[Upload], choice: Choice) -> None:
    """Uploaded images, or a photo: one in full, and of several a table."""
    if len(files) > KEPT:
        st.warning(f"At most {KEPT} pictures are read at a time: these are the first.", icon=":material/warning:")
        files = files[:KEPT]
    names = [file.name for file in files]
    results = [_read(file.data, choice) for file in files]
    shown = 0
    if len(files) > 1:
        keep_in_full([file.identity for file in files], SHOWN)  # a choice runs only this fragment again
        _table(names, results)
        shown = st.selectbox("In full", range(len(files)), format_func=names.__getitem__, key=SHOWN)
    _show(names[shown], files[shown].data, results[shown], "recognize_page")


def _read(data: bytes, choice: Choice) -> Result:
    """What is seen on an image file, or why it cannot be read; one character alone is seen as such if
    there was no telling."""
    way = _way(choice)
    try:
        page = read_photo(data, way)
        return read_one(data, way) if way.layout == "auto" and len(page.reading.characters) < 2 else page
    except ImageError as error:
        return str(error)


def _show(name: str, image: bytes, result: Result, key: str) -> None:
    """A page, one character, or the sentence that says why there is neither."""
    if isinstance(result, str):
        st.error(f"{plain(name)}: {plain(result)}", icon=":material/broken_image:")
    elif isinstance(result, Seen):
        original, reading = st.columns([5, 7], gap="medium")
        original.image(result.picture, width=result.picture.shape[1], alt=f"the image {plain(name)}")
        with reading:
            full_view(result, key)
    else:
        page_view(result, image, name, key)


def _table(names: list[str], results: list[Result]) -> None:
    """All texts with the corrections made so far, to take away."""
    rows = [{"file": name} | _row(result) for name, result in zip(names, results, strict=True)]
    table_to_take(rows, "recognize_pages_csv", opens=SHOWN)


def _row(result: Result) -> dict[str, str]:
    """Texts throughout, so that what is missing is empty."""
    if isinstance(result, str):
        return {"text": "", "characters": "", "unsure": "", "error": result}
    reading = result.reading
    if isinstance(result, ReadPage):
        reading = corrected(reading, corrections_of(result))
    unsure = sum(not character.sure for character in reading.characters)
    counts = {"characters": str(len(reading.characters)), "unsure": str(unsure)}
    return {"text": reading.text.replace("\n", " / ")} | counts | {"error": ""}


def offer_more(seen: Seen | str) -> None:
    """Where a photo that was read as one character seems to have more: a button to read all."""
    if not isinstance(seen, str) and seen.several:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="recognize_more"):
            st.markdown("There seems to be more than one character on this picture.", width="content")
            st.button("Read all of it", key="recognize_read_all", on_click=read_photos_as, args=("page",))
