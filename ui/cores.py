"""How many threads OpenCV shares a call out to: one, but while a page is read.

Streamlit runs every rerun in a thread of its own, and OpenCV keeps almost a kilobyte of each thread that ever
shared out a call (opencv/opencv#19727): the server would grow by every stroke. Only on large photos does a
second thread save time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_lock = threading.Lock()
_pages = 0


def one_core() -> None:
    """To be called once by the server, before it draws a page."""
    cv2.setNumThreads(1)


@contextmanager
def all_cores() -> Iterator[None]:
    """While a page is read, also several at once, OpenCV may use every core."""
    _counted(1)
    try:
        yield
    finally:
        _counted(-1)


def _counted(change: int) -> None:
    global _pages
    with _lock:
        _pages += change
        cv2.setNumThreads(-1 if _pages else 1)
