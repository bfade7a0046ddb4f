"""What a visitor says is on a sheet or a photo."""

import streamlit as st

from hcr_core.word_list import LANGUAGES

#: What may be written, as layouts of ``Recognizer.read``.
LAYOUTS = {"character": "One character", "line": "Word or line", "page": "Page", "auto": "Find out"}
_DRAWN, _PHOTOGRAPHED = "recognize_drawn_layout", "recognize_photo_layout"


def choose_layout(drawn: bool) -> str:
    """The switch between a character and more; photos have a choice of their own, and ``"auto"``."""
    key = _DRAWN if drawn else _PHOTOGRAPHED
    st.session_state.setdefault(key, "character")  # no default beside it: Streamlit warns where one was chosen for
    return st.segmented_control(
        "What is written",
        [layout for layout in LAYOUTS if not (drawn and layout == "auto")],
        required=True,
        format_func=LAYOUTS.get,
        key=key,
        persist_state="session",
        help=None if drawn else "*Find out* reads one character where there are no more, else a page.",
    )


def choose_language() -> str | None:
    """Whose words are preferred, of ``word_list.LANGUAGES``; none at first, because names and codes are no words."""
    chosen = st.selectbox(
        "Words of",
        ["", *LANGUAGES],
        format_func=lambda code: LANGUAGES.get(code, "no language"),
        key="recognize_language",
        persist_state="session",
        width=150,
        help="A word of this language is preferred where it looks nearly as good as what was read; what that changed "
        "is shown. Without a language every letter is read for itself, as names and codes should be.",
    )
    return chosen or None


def read_photos_as(layout: str) -> None:
    """Choose for the visitor, in a callback."""
    st.session_state[_PHOTOGRAPHED] = layout
