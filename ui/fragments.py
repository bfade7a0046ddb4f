"""Parts of a page that run again by themselves."""

from collections.abc import Callable
from functools import wraps

import streamlit as st

from hcr_core.sentences import OneLineError
from ui.reading import plain


def fragment(part: Callable[..., None], *, run_every: float | None = None) -> Callable[..., None]:
    """``st.fragment`` that says in a sentence what is wrong; what a fragment raises never gets to its page."""

    @wraps(part)
    def said(*arguments) -> None:
        try:
            part(*arguments)
        except OneLineError as problem:
            st.error(plain(str(problem)), icon=":material/error:")

    return st.fragment(said, run_every=run_every)
