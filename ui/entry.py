"""Every page runs inside the app, also when its own address is the first that a new server is asked for.

Streamlit takes a ``pages/`` folder for its older kind of multi-page app until ``st.navigation`` was
called once, and runs the page by itself: without the app's navigation, title and icon.
"""

import gc
import runpy
import socket
from asyncio import base_events
from pathlib import Path

import streamlit as st

from ui.cores import one_core

_APP = Path(__file__).resolve().parent.parent / "streamlit_app.py"
_started = False
_settled: set[str] = set()


def app_started() -> None:
    """To be called by the app before it names its pages."""
    global _started
    if not _started:
        one_core()
        send_at_once()
    _started = True


def send_at_once() -> None:
    """Have small answers leave at once, from the next connection on.

    asyncio turns Nagle's algorithm off where a socket calls its protocol TCP. Streamlit binds the server's itself and
    leaves that open, so that each of a page's dozens of small files may wait 40 ms for an acknowledgement.
    """
    if hasattr(base_events, "_set_nodelay"):
        base_events._set_nodelay = _set_nodelay


def _set_nodelay(connection: socket.socket) -> None:
    if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def ensure_app() -> None:
    """To be called first by every page: runs the app around it if nothing did so yet."""
    if not _started:
        runpy.run_path(str(_APP))
        st.stop()


def page_settled(title: str) -> None:
    """To be called by the app when a page has run: what it imported is kept out of later garbage collections.

    Streamlit collects all garbage after every rerun, also of a fragment. Looking through the modules
    of pandas, Plotly and OpenCV takes 38 ms each time, and a page that is redrawn twice a second
    would take a third of a core from the training; without them it is nothing.
    """
    if title not in _settled:
        _settled.add(title)
        gc.collect()
        gc.freeze()
