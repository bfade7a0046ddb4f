"""Hostile names, addresses and messages on the pages, in a real Chromium and over plain HTTP."""

import socket
import urllib.error
import urllib.request

import numpy as np
import pytest
from browser_session import BROWSER_TESTS, draw, wait_for_letter
from conftest import images_of, page_at, sheet

from hcr_core.datasets import import_dataset
from hcr_core.model_store import SHIPPED, save_model

pytestmark = BROWSER_TESTS

#: What would load a picture, run a script, or become a link if anything took it for more than text.
_NASTY = ['<img src=x onerror="window.hit=1">', "![x](http://host.invalid/x.png)", "[a](javascript:window.hit=1)"]
_NASTY += ["<b>bold</b>", "$x^2$", "**stars**", "`code`", ":red[red]"]


def _is_text(page, text: str) -> None:
    page.get_by_text(text, exact=False).first.wait_for()
    assert page.evaluate("window.hit") is None


def test_names_of_files_are_shown_as_text(page, tmp_path):
    names = ["<img src=x onerror=window.hit=1>.png", "![x](http:host.invalid)*a*.png", "$(id);`id`.png"]
    for name in names:
        (tmp_path / name).write_text("no image")
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files([tmp_path / name for name in names])
    for name in names:
        _is_text(page, name)
    assert page.locator("[data-testid=stMain] img[src=x]").count() == 0


@pytest.fixture
def nasty_data(tmp_path, places, monkeypatch):
    """A data set whose labels are markup."""
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(places / "imported"))
    labels = np.array(_NASTY * 6)
    np.savez(tmp_path / "a.npz", images=images_of(len(labels), 28), labels=labels)
    return import_dataset(tmp_path / "a.npz", "nasty")


@pytest.mark.parametrize("view", ["Counts", "Gallery", "Typical", "Map", "Look-alikes"])
def test_labels_are_shown_as_text(page, server, nasty_data, view):
    page.goto(f"{server}/explore?data=nasty&view={view}")
    page.get_by_role("heading", name="Explore").wait_for()
    page.wait_for_selector(".js-plotly-plot, .map canvas, .grid button", timeout=60_000)
    page.wait_for_timeout(500)
    assert page.evaluate("window.hit") is None
    assert page.locator("[data-testid=stMain] a[href*='javascript'], [data-testid=stMain] img[src='x']").count() == 0
    assert page.locator("[data-testid=stMain] .katex").count() == 0
    if view in ("Gallery", "Typical"):
        _is_text(page, _NASTY[1])


def test_an_address_is_shown_as_text(page, server):
    """No picture of another host is asked for; that none was is checked when the page closes."""
    page.goto(f"{server}/train?run=![x](http://host.invalid/x.png)<img src=x onerror=window.hit=1>")
    _is_text(page, "There is no run ![x](http://host.invalid/x.png)<img src=x onerror=window.hit=1>")


def test_a_card_is_shown_as_text(tmp_path, monkeypatch):
    import json

    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path))
    card = json.loads((SHIPPED / "characters" / "card.json").read_text())
    card["architecture"]["title"] = _NASTY[1]
    card["data"] = [{"name": _NASTY[0], "title": _NASTY[1]}]
    card["training"]["chosen_by"] = _NASTY[2]
    files = {name: (SHIPPED / "characters" / name).read_bytes() for name in ("model.keras", "model.tflite")}
    save_model(tmp_path, "nasty", card, files)
    at = page_at("pages/models.py", show="Card", model="nasty")
    assert not at.exception
    shown = " ".join(element.value for element in (*at.markdown, *at.caption))
    assert "\\!\\[x\\]" in shown
    assert not any(text in shown for text in _NASTY[:3])


# Other visitors


def test_one_visitor_sees_nothing_of_another(page, browser, server):
    draw(page, "R")
    wait_for_letter(page, "R")
    context = browser.new_context()
    other = context.new_page()
    other.goto(server)
    other.wait_for_selector("canvas.upper-canvas", timeout=60_000)
    assert other.locator(".answer .letter").first.inner_text() == "?"
    draw(other, "L")
    wait_for_letter(other, "L")
    other.locator(".st-key-recognize_pad_clear button").locator("visible=true").first.click()
    wait_for_letter(other, "?")
    page.wait_for_timeout(500)
    assert page.locator(".answer .letter").first.inner_text() == "R"
    context.close()


_OUTSIDE = [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/app/static/../../../../etc/passwd",
    "/static/../../../etc/passwd",
    "/media/../../etc/passwd",
    "/_stcore/bidi-components/streamlit-drawable-canvas.streamlit_drawable_canvas/../../../../../../etc/passwd",
    "/_stcore/bidi-components/streamlit-drawable-canvas.streamlit_drawable_canvas/%2e%2e%2f%2e%2e%2fpyproject.toml",
    "/_stcore/bidi-components/handwriting.canvas/../../../../../etc/passwd",
    "/component/x/../../../../etc/passwd",
    "/models/../pyproject.toml",
    "/.streamlit/config.toml",
    "/hcr_core/public.py",
]


@pytest.mark.parametrize("path", _OUTSIDE)
def test_no_file_of_the_machine_can_be_fetched(server, path):
    """Sent as they are: clients would tidy them up."""
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    for content in (b"root:", b"[tool.ruff]", b"gatherUsageStats", b"HCR_PUBLIC"):
        assert content not in answer


def test_nothing_can_be_uploaded_past_the_page(server):
    request = urllib.request.Request(f"{server}/_stcore/upload_file/somebody/file", data=b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in (400, 403)


def test_the_server_says_that_it_is_well(server):
    with urllib.request.urlopen(f"{server}/_stcore/health", timeout=10) as answer:
        assert (answer.status, answer.read()) == (200, b"ok")


# The canvas


@pytest.mark.parametrize(
    "sent",
    [
        None, 7, "text", [], {}, {"raw": 7, "data": 7}, {"raw": {"objects": 7}, "data": "data:image/png;base64,AAAA"},
        {"raw": {"objects": [7, None, {}]}, "data": "data:image/png;base64,\u00e9"},
        {"raw": None, "data": "x" * 100_000},
        {"raw": {"objects": [{}]}, "data": ["data:image/png;base64,"]},
    ],
    ids=repr,
)  # fmt: skip
def test_whatever_a_canvas_sends_the_page_stands(sent):
    at = page_at("pages/recognize.py")
    at.session_state["recognize_pad"] = {"drawing": sent}
    at.run()
    assert not at.exception


def test_too_many_files_are_read_in_part(tmp_path):
    import cv2
    from streamlit.testing.v1 import AppTest  # noqa: F401 - what ``page_at`` gives

    at = page_at("pages/recognize.py")
    at.segmented_control(key="recognize_source").set_value("Upload").run()
    data = cv2.imencode(".png", sheet("F", side=40, size=24, at=(8, 8), pen=3))[1].tobytes()
    at.get("file_uploader")[0].set_value([(f"{i}.png", data, "image/png") for i in range(130)]).run()
    assert not at.exception
    assert "130 files; the first 100" in at.warning[0].value
