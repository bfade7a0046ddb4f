"""Who is writing, and what is known of everyone's samples."""

import streamlit as st

from hcr_core.corrections import MOST_NAME
from hcr_core.training.adaptation_data import LEAST

_NAME = "teach_writer"

NOTICE = (
    "Kept on the machine that runs this app, for all who use it: **everyone who opens the Teach page sees these "
    "samples and can export and delete them.** Nothing is sent elsewhere."
)
OFF = (
    "Collecting is switched off on this machine: nothing that is written here is kept, and what was kept before is "
    "not shown."
)


def writer() -> str:
    """The name this visitor gave; empty before."""
    return st.session_state.get(_NAME, "").strip()


def ask_name() -> str:
    """A field for the visitor's name, kept as long as the page is open in the browser."""
    st.text_input(
        "Your name",
        key=_NAME,
        max_chars=MOST_NAME,
        placeholder="may stay empty",
        persist_state="session",
        help="Goes with what you write and correct, also on the Recognize page, so that your hand can be told from "
        "others.",
        width=220,
    )
    return writer()


def to_go(samples: int) -> str:
    """How far it is to the first adaptation, in words."""
    if samples >= LEAST:
        return f"{samples:,} samples: enough to adapt to your hand"
    return f"{samples} of the {LEAST} samples that adapting takes"
