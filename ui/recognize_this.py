"""Going to the Recognize page with an image or a model from another page."""

import numpy as np
import streamlit as st

_KEY = "recognize_given"
#: The widget on the Recognize page that holds the model's name.
MODEL_KEY = "recognize_model"


def send_to_recognize(image: np.ndarray, name: str) -> None:
    """Open the Recognize page with an image, uint8 (H, W), and what it is called."""
    st.session_state[_KEY] = (image, name)
    _open()


def open_recognize(model: str) -> None:
    """Open the Recognize page with a model of the store."""
    st.session_state[MODEL_KEY] = model
    _open()


def _open() -> None:
    # Without naming them (none), Streamlit refuses to drop parameters that widgets are bound to.
    st.switch_page("pages/recognize.py", query_params={})


def given() -> tuple[np.ndarray, str] | None:
    """The image that another page sent, and its name, until it is put away."""
    return st.session_state.get(_KEY)


def put_away() -> None:
    """Forget the image that another page sent."""
    st.session_state.pop(_KEY, None)
