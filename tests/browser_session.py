"""A real Chromium and the app it visits: fixtures and a visitor's hands, for the tests in a browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlparse

import numpy as np
import pytest
from conftest import ROOT

from hcr_core.datasets.pen_alphabet import pen_strokes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]
#: A visitor with a phone, at night.
PHONE = {
    "viewport": {"width": 375, "height": 812},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
    "user_agent": "Mozilla/5.0 (iPhone) Mobile",
}
BLANK = "?"

#: Marks of every module that drives the app.
BROWSER_TESTS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="needs Chromium: install Debian's chromium package"
    ),
]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Folders of the app that these tests visit."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def server(places):
    """The app on a free port, as ``make app`` starts it, with data folders of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    names = ("DATA", "CACHE", "IMPORTED", "RUNS", "MODELS", "CORRECTIONS")
    folders = {f"HCR_{name}_DIR": str(places / name.lower()) for name in names}
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | folders, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                break
            except OSError:
                assert time.monotonic() < deadline, "the app did not start"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(server, browser, request):
    """A fresh visitor on the Recognize page; no request may leave for another host, no error be logged."""
    context = browser.new_context(**getattr(request, "param", {"viewport": {"width": 1280, "height": 900}}))
    page = context.new_page()
    foreign, errors = [], []
    page.on(
        "request", lambda r: foreign.append(r.url) if urlparse(r.url).hostname not in ("localhost", None, "") else 0
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server)
    page.wait_for_selector("canvas.upper-canvas", timeout=60_000)
    yield page
    context.close()
    assert not foreign
    assert not errors


def draw(page, label: str, size: float = 180) -> None:
    """Write a character on the pad with the mouse, stroke by stroke."""
    pad = page.locator("canvas.upper-canvas").bounding_box()
    strokes = pen_strokes(label)
    points = np.concatenate(strokes)
    scale = size / np.ptp(points, axis=0).max()
    corner = np.array([pad["width"] / 2, pad["height"] / 2]) - scale * (points.min(axis=0) + points.max(axis=0)) / 2
    draw_strokes(page, [stroke * scale + corner for stroke in strokes])


def draw_strokes(page, strokes: list[np.ndarray]) -> None:
    """Draw strokes, (n, 2) in pixels of the pad, with the mouse."""
    pad = page.locator("canvas.upper-canvas").bounding_box()
    for stroke in strokes:
        (x, y), *rest = stroke + np.array([pad["x"], pad["y"]])
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(x, y, steps=2)
        page.mouse.up()


def answer(page, settled: float = 0.8) -> str:
    """The large letter, once it has stopped changing (a letter of three strokes is read three times)."""
    letter = page.locator(".answer .letter")
    last, since, deadline = None, time.monotonic(), time.monotonic() + 20
    while time.monotonic() < deadline:
        # A rerun replaces the element, so it may be gone for a moment.
        now = letter.first.inner_text() if letter.count() else None
        if now != last:
            last, since = now, time.monotonic()
        if now is not None and time.monotonic() - since > settled:
            return now
        page.wait_for_timeout(50)
    raise AssertionError("no answer within 20 s")


def pad_button(page, name: str):
    # Streamlit doubles a button that has a tooltip, and hides one of the two.
    return page.locator(f".st-key-recognize_pad_{name} button").locator("visible=true").first


def press(page, button: str) -> None:
    pad_button(page, button).click()


def wait_for_letter(page, letter: str) -> None:
    page.wait_for_function(
        "l => document.querySelector('.answer .letter')?.innerText === l", arg=letter, timeout=15_000
    )
