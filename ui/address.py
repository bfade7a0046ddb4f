"""What a page's address or its visitor asked for, where that is not there, or not any more."""

from collections.abc import Sequence

import streamlit as st

from ui.reading import plain

#: Of a name that anybody can write into an address, as much is repeated.
_MOST = 60


def say_if_missing(options: Sequence[str], key: str, what: str) -> None:
    """Say that the address, or the visitor before, chose what is not among the options; to be called before the widget.

    What went while it was looked at (removed by somebody else, or right here) leaves the address as well: a reload or
    whoever is given the address would be sent to it again.

    Args:
        options: What there is.
        key: Of the widget, and in the address.
        what: What it is called, as in ``"data set"``.
    """
    chosen = st.session_state.get(key)
    asked = chosen or st.query_params.get(key, "")
    if not asked or asked in options:
        return
    st.info(f"There is no {what} {plain(asked[:_MOST])} here{' any more' * bool(chosen)}.", icon=":material/info:")
    if chosen:
        st.session_state[key] = options[0]  # Streamlit would show it as well, and leave the address as it is
