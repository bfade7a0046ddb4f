"""Every page runs inside the app, also when its own address is the first that a new server is asked for.

Streamlit takes a ``pages/`` folder for its older kind of multi-page app until ``st.navigation`` was
called once, and runs the page by itself: without the app's navigation, title and icon.
"""

import runpy
from pathlib import Path

import streamlit as st

_APP = Path(__file__).resolve().parent.parent / "streamlit_app.py"
_started = False


def app_started() -> None:
    """To be called by the app before it names its pages."""
    global _started
    _started = True


def ensure_app() -> None:
    """To be called first by every page: runs the app around it if nothing did so yet."""
    if not _started:
        runpy.run_path(str(_APP))
        st.stop()
