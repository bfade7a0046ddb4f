"""The app as a service: its log, its stop, its limits, and the papers that go with it."""

import base64
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from conftest import ROOT, sheet
from streamlit.testing.v1 import AppTest

from hcr_core import journal
from hcr_core.imaging import MAX_BYTES
from hcr_core.journal import note, timed


def _lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"time"')]


def test_a_line_has_time_duration_and_outcome(capsys):
    with timed("reading", width=340):
        pass
    with pytest.raises(ValueError, match="no"), timed("reading"):
        raise ValueError("no")
    good, bad = _lines(capsys.readouterr().err)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", good["time"])
    assert (good["event"], good["outcome"], good["width"], good["ms"] >= 0) == ("reading", "ok", 340, True)
    assert bad["outcome"] == "ValueError"


@pytest.mark.parametrize("field", [np.zeros((28, 28)), b"\x89PNG", [1, 2], "x" * 101, {"a": 1}])
def test_no_image_and_no_text_gets_into_the_log(capsys, field):
    with pytest.raises(TypeError, match="does not belong"):
        note("reading", field=field)
    assert not _lines(capsys.readouterr().err)


def test_it_can_be_silenced(capsys, monkeypatch):
    monkeypatch.setenv("HCR_LOG", "off")
    note("reading")
    assert not _lines(capsys.readouterr().err)


def test_a_page_and_a_reading_are_logged(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(journal, "sys", SimpleNamespace(stderr=out))
    at = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    url = base64.b64encode(cv2.imencode(".png", sheet("F"))[1].tobytes()).decode()
    raw = {"objects": [{"type": "Path"}]}
    at.session_state["recognize_pad"] = {"drawing": {"raw": raw, "data": f"data:image/png;base64,{url}"}}
    at.run()
    lines = _lines(out.getvalue())
    assert [line for line in lines if line["event"] == "page" and line["page"] == "Recognize"]
    (reading,) = (line for line in lines if line["event"] == "reading")
    assert (reading["outcome"], reading["height"], reading["width"]) == ("ok", 200, 200)
    assert url[:40] not in out.getvalue()


def test_a_stop_is_quick_and_in_order(tmp_path):
    """SIGTERM, as Docker and systemd send it: no traceback, and the port is free for the next one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while True:
            try:
                assert urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).status == 200
                break
            except OSError:
                assert time.monotonic() < deadline, "the app did not start"
                time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
        assert process.returncode in (0, -signal.SIGTERM)
        assert b"Traceback" not in err


def test_the_limits_are_set():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] * 2**20 == MAX_BYTES
    assert config["server"]["maxMessageSize"] <= 50
    assert config["client"]["showErrorDetails"] == "none"
    assert config["browser"]["gatherUsageStats"] is False
    assert not config["server"].get("enableStaticServing")
    assert config["server"].get("enableXsrfProtection", True)


def test_every_promise_of_the_security_page_names_a_test_that_is_there():
    text = (ROOT / "SECURITY.md").read_text()
    promised = text.split("## What is not promised")[0]
    named = re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", promised)
    rows = [
        line for line in promised.splitlines() if line.startswith("| ") and not line.startswith(("| Promise", "|--"))
    ]
    assert len(rows) >= 10
    assert all("`tests/" in row for row in rows)
    for path, test in named:
        assert f"def {test or 'test_'}" in (ROOT / path).read_text(), (path, test)


def test_all_dependencies_and_data_have_their_licence_listed():
    listed = (ROOT / "docs" / "licences.md").read_text()
    from hcr_core.datasets import ENTRIES

    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f"| {line.split('==')[0].lower()} " in listed.lower()
    for entry in ENTRIES.values():
        assert f"| `{entry.name}` |" in listed


def test_a_container_keeps_every_folder_in_its_volume():
    folders = set(re.findall(r"^\| `(HCR_\w+_DIR)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    kept = re.findall(r"(HCR_\w+_DIR)=/data/", (ROOT / "Dockerfile").read_text())
    assert len(folders) > 4
    assert set(kept) == folders
