"""What a page's address asks for, where that is not there."""

from collections.abc import Sequence

import streamlit as st

from ui.reading import plain

#: Of a name that anybody can write into an address, as much is repeated.
_MOST = 60


def say_if_missing(options: Sequence[str], key: str, what: str) -> None:
    """Say that the address names something that is not among the options; to be called before their widget.

    Args:
        options: What there is.
        key: Of the widget, and in the address.
        what: What it is called, as in ``"data set"``.
    """
    asked = st.query_params.get(key, "")
    if asked and asked not in options and key not in st.session_state:
        st.info(f"There is no {what} {plain(asked[:_MOST])} here.", icon=":material/info:")
