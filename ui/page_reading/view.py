"""A page that was read: image and text to correct, the files to take away, the steps to look at."""

import html
import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from hcr_core import Reading
from hcr_core.annotation import annotated
from hcr_core.imaging import decode, encoded, flatten
from hcr_core.reading_corrections import corrected, removed
from hcr_core.reading_export import reading_csv
from hcr_core.upright import upright
from hcr_core.verdict import verdict
from ui.page_reading.pages_read import (
    ReadPage,
    corrections_of,
    forget_corrections,
    keep_corrections,
    lost_corrections,
    remember_shown,
    steps_of,
)
from ui.page_reading.sheet import clickable_sheet
from ui.reading import plain

#: What each step shows.
_STEPS = {
    "original": "The image, at the size it is worked on",
    "background": "The paper alone: light, shadow and colour",
    "ink": "What is darker than its paper, upright, without rules",
    "rules": "Ruled lines and boxes that were taken away",
    "lines": "The writing, each line in a colour of its own; gray is left out, as punctuation or as nothing known",
    "boxes": "Characters, as they were cut apart and read",
}
#: The same where there is nothing to see.
_NOTHING = {"background": "The paper looks the same throughout", "rules": "None were found"}
#: Words that are named, of those joined and of those changed.
_NAMED = 8


def page_view(page: ReadPage, image: bytes, name: str, key: str, place: DeltaGenerator | None = None) -> None:
    """Everything about a page; to be called inside a fragment, as every correction runs it again.

    Args:
        page: What was read.
        image: The image file it was read on.
        name: Of the image.
        key: Of the widgets.
        place: Where the image and its text are shown, if not here.
    """
    place = place or st.container()
    if not page.reading.lines:
        forget_corrections(page.subject)
        place.info("Nothing written was found here.", icon=":material/search_off:")
        place.html(_only_picture(page, name))
        _steps(page, image, key)
        return
    remember_shown(page)
    with place:
        clickable_sheet(
            page.shown,
            page.picture,
            page.size,
            f"{key}_sheet",
            identity=page.identity,
            description=f"the image {name}",
            labels=corrections_of(page),
            remarks=_remarks(page),
            on_correct=keep_corrections,
        )
    _say_what_words_changed(page.reading)
    _say_what_is_joined(corrected(page.reading, corrections_of(page)))
    _downloads(page, image, name, key)
    _steps(page, image, key)


def _remarks(page: ReadPage) -> list[str]:
    """What to know before the text is read, in sentences."""
    return [
        *filter(None, [verdict(corrected(page.reading, corrections_of(page)))]),
        *_what_is_lost(lost_corrections(page)),
    ]


def _what_is_lost(corrections: int) -> list[str]:
    if not corrections:
        return []
    said = "1 correction no longer applies" if corrections == 1 else f"{corrections} corrections no longer apply"
    return [f"{said}: what was corrected is cut or read differently now."]


def _only_picture(page: ReadPage, name: str) -> str:
    alt = html.escape(f"the image {name}", quote=True)
    return f'<img src="{page.picture}" alt="{alt}" style="max-width: 100%; max-height: 50vh">'


def _say_what_words_changed(reading: Reading) -> None:
    words = [word for line in reading.lines for word in line.words if word.before is not None]
    if words:
        names = [f"{plain(word.before)} → **{plain(word.text)}**" for word in words]
        st.caption(f":material/spellcheck: Changed because the language has such a word: {_named(names)}.")
        if len(names) > _NAMED:
            with st.expander(f"All {len(names)} words that were changed"):
                st.markdown(", ".join(names))


def _named(texts: list[str]) -> str:
    return ", ".join(texts[:_NAMED]) + (" …" if len(texts) > _NAMED else "")


def _say_what_is_joined(reading: Reading) -> None:
    joined = [f"**{plain(word.text)}**" for line in reading.lines for word in line.words if word.joined]
    if joined:
        st.caption(
            f":material/gesture: Looks joined up: {_named(joined)}. Joined-up writing is not read well: "
            "compare it with the picture."
        )


def _downloads(page: ReadPage, image: bytes, name: str, key: str) -> None:
    """The reading with its corrections, as files that are made when they are asked for."""

    def now() -> Reading:
        return corrected(page.reading, corrections)

    corrections = corrections_of(page)
    gone = removed(page.reading, corrections)

    def as_json() -> bytes:
        document = {"image": name} | now().lines_to_dict() | {"removed": [character.to_dict() for character in gone]}
        return json.dumps(document, ensure_ascii=False, indent=1).encode()

    def as_picture() -> bytes:
        return encoded(annotated(*upright(flatten(decode(image)), now())))

    stem = Path(name).stem or "reading"
    with st.container(horizontal=True, gap="small", key=f"{key}_files"):
        _save("Text", lambda: (now().text + "\n").encode(), f"{stem}.txt", "text/plain", key)
        _save("JSON", as_json, f"{stem}.json", "application/json", key)
        _save("CSV", lambda: reading_csv(now(), gone).encode(), f"{stem}.csv", "text/csv", key)
        _save("Picture with boxes", as_picture, f"{stem}-read.png", "image/png", key)


def _save(label: str, contents: Callable[[], bytes], filename: str, mime: str, key: str) -> None:
    st.download_button(
        label,
        contents,
        filename,
        mime,
        key=f"{key}_save_{label.split()[0].lower()}",
        icon=":material/download:",
        on_click="ignore",
    )


def _steps(page: ReadPage, image: bytes, key: str) -> None:
    """If asked for: how the image became ink, lines and boxes."""
    asked = st.toggle(
        "Show how it was read, step by step",
        key=f"{key}_steps",
        persist_state="session",
        help="Where a reading is wrong, these tell why: ink that was not found, a rule that was taken for a stroke, "
        "two lines that became one.",
    )
    if not asked:
        return
    steps = steps_of(page, image)
    for start in range(0, len(steps), 3):
        for column, (name, step) in zip(st.columns(3), list(steps.items())[start : start + 3], strict=False):
            words = _NOTHING.get(name, _STEPS[name]) if step.empty else _STEPS[name]
            column.image(step.picture, caption=f"{name.capitalize()}. {words}.", alt=f"{name}: {words}")
