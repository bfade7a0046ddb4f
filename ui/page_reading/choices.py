"""What a visitor says is on a sheet or a photo."""

import streamlit as st

#: What may be written, as layouts of ``Recognizer.read``.
LAYOUTS = {"character": "One character", "line": "Word or line", "page": "Page", "auto": "Find out"}
_DRAWN, _PHOTOGRAPHED = "recognize_drawn_layout", "recognize_photo_layout"


def choose_layout(drawn: bool) -> str:
    """The switch between a character and more; photos have a choice of their own, and ``"auto"``."""
    return st.segmented_control(
        "What is written",
        [layout for layout in LAYOUTS if not (drawn and layout == "auto")],
        default="character",
        required=True,
        format_func=LAYOUTS.get,
        key=_DRAWN if drawn else _PHOTOGRAPHED,
        persist_state="session",
        help=None if drawn else "*Find out* reads one character where there are no more, else a page.",
    )


def read_photos_as(layout: str) -> None:
    """Choose for the visitor, in a callback."""
    st.session_state[_PHOTOGRAPHED] = layout
