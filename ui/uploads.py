"""Uploaded images, and several of one character each: cards, a table, and what is in doubt about each."""

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from hcr_core.imaging import MAX_BYTES, SUFFIXES
from ui.page_reading.choices import read_photos_as
from ui.reading import Seen, percent, plain, table_to_take, thumbnail

Result = Seen | str

#: Bytes of uploads that are kept of a visitor who is elsewhere: some photos, or any number of drawings.
_MOST_KEPT = MAX_BYTES
#: Files that are named.
_NAMED = 3


@dataclass(frozen=True)
class Upload:
    """An uploaded file; the same file uploaded again has another ``identity``."""

    identity: str
    name: str
    data: bytes


def uploaded(label: str, key: str) -> list[Upload]:
    """Let the visitor choose pictures.

    Args:
        label: What they should be of.
        key: Name of the widget.

    Returns:
        These, after those of before the visitor went elsewhere, which Streamlit's widget forgets.
    """
    before, here = f"{key}_before", f"{key}_here"
    if key not in st.session_state:
        # The widget is new in the browser, and empty.
        st.session_state[before] = _first_of([*st.session_state.get(before, ()), *st.session_state.get(here, ())])
    files = st.file_uploader(
        label,
        type=sorted(suffix[1:] for suffix in SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=MAX_BYTES // 2**20,
        key=key,
    )
    now = [Upload(file.file_id, file.name, file.getvalue()) for file in files]
    st.session_state[here] = _first_of(now)
    kept = st.session_state[before]
    if kept:
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"{before}_row"):
            names = ", ".join(plain(file.name) for file in kept[:_NAMED])
            more = f" and {len(kept) - _NAMED} more" if len(kept) > _NAMED else ""
            st.markdown(f":material/attach_file: {names}{more}, from before", width="content")
            st.button(
                "Remove",
                icon=":material/close:",
                key=f"{before}_remove",
                type="tertiary",
                on_click=st.session_state.__setitem__,
                args=(before, []),
            )
    return [*kept, *now]


def _first_of(files: Iterable[Upload]) -> list[Upload]:
    """As many of them as may be kept."""
    kept, size = [], 0
    for file in files:
        size += len(file.data)
        if size <= _MOST_KEPT:
            kept.append(file)
    return kept


#: In the session: the files there were, which of them is in full, and by which widget.
_IN_FULL = "recognize_in_full"


def keep_in_full(files: list[str], widget: str) -> None:
    """Let the widget choose the picture that was in full before, or the first of what was added since.

    Args:
        files: Identities of the uploaded files.
        widget: Name of the widget that is about to choose one of them by its number.
    """
    former, chosen, by = st.session_state.get(_IN_FULL, ([], None, None))
    if (files, widget) == (former, by) and widget in st.session_state:
        chosen = files[st.session_state[widget]]
    elif added := [file for file in files if file not in former]:
        chosen = added[0]
    elif chosen not in files:
        chosen = files[0]
    st.session_state[widget] = files.index(chosen)
    st.session_state[_IN_FULL] = (files, chosen, widget)


def several(shown: list[tuple[str, Result]], widget: str) -> None:
    """Thumbnails with their answers, and a table to take away.

    Args:
        shown: Names of files, and what was seen on each or why it cannot be read.
        widget: Name of the widget that chooses the one in full by its number.
    """
    _offer_all([result for _, result in shown])
    with st.container(horizontal=True, gap="medium"):
        for name, result in shown:
            with st.container(width=140, border=True):
                _card(name, result)
    table_to_take([_row(name, result) for name, result in shown], "recognize_csv", widget)


def _offer_all(results: list[Result]) -> None:
    """Where pictures seem to have more than one character: a button to read all of it."""
    count = sum(isinstance(result, Seen) and result.several for result in results)
    if not count:
        return
    where = "each" if count == len(results) else str(count)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="recognize_more"):
        st.markdown(f"There seems to be more than one character on {where} of these pictures.", width="content")
        # "auto": beside them may be some of one character.
        st.button("Read all of it", key="recognize_read_all", on_click=read_photos_as, args=("auto",))


def doubt(seen: Seen) -> str:
    """What speaks against a picture showing one character, in plain words; empty where nothing does."""
    found = seen.reading.characters
    if not found:
        return "No single character found, but more." if seen.several else "No character found here."
    if found[0].refused:
        return "Probably not one character, but more." if seen.several else "Probably not a character."
    return "Probably more than one character." if seen.several else ""


def _card(name: str, result: Result) -> None:
    if isinstance(result, str):
        st.markdown("–")
        st.caption(plain(name))
        st.caption(f":orange[{plain(result)}]")
        return
    small = thumbnail(result.picture, 108)
    st.image(small, width=small.shape[1], alt=f"the image {plain(name)}")
    for character in result.reading.characters[:1]:
        answer = f"**{plain(character.label)}** {percent(character.probability)}"
        st.markdown(f":gray[{answer}]" if character.refused else answer)
    st.caption(plain(name))
    if doubt(result):
        st.caption(f":orange[{doubt(result)}]")


def _row(name: str, result: Result) -> dict[str, str]:
    """A line of the table; texts throughout, so that what is missing is empty."""
    row = {"file": name, "text": "", "probability": "", "candidates": "", "doubt": "", "error": ""}
    if isinstance(result, str):
        return row | {"error": result}
    for character in result.reading.characters[:1]:
        row["text"], row["probability"] = character.label, f"{character.probability:.4f}"
        row["candidates"] = " ".join(f"{label}:{p:.3f}" for label, p in character.candidates[:5])
    return row | {"doubt": doubt(result)}
