"""Folders of many images: the memory of one, and a progress bar where there is somebody to see it."""

import os
import subprocess
import sys

import cv2
import pytest
from conftest import ROOT
from drawn_pages import page

from hcr_core.terminal import ProgressBar

#: Reads the folder named and prints how many kilobytes the process had more after the last image than after
#: the hundredth.
_MEASURED = """
import sys
from hcr_core import cli_read
from hcr_core.cli import main

sizes = []
def counted(original):
    def measured(*arguments):
        with open("/proc/self/statm") as file:
            sizes.append(int(file.read().split()[1]) * 4)
        return original(*arguments)
    return measured

cli_read._print = counted(cli_read._print)
main(["read", "--layout", "auto", sys.argv[1]])
print(sizes[-1] - sizes[100], file=sys.stderr)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A thousand words and letters, of twenty kinds and sizes."""
    folder = tmp_path_factory.mktemp("many")
    words = ["A", "k", "Hot", "fox 13", "jumps", "2024", "Wind", "HILL", "x", "lazy dogs"]
    images = [cv2.imencode(".png", page(w, width=150 + 40 * len(w), gap=8 + g))[1] for g in (0, 5) for w in words]
    for i in range(1000):
        (folder / f"{i:04}.png").write_bytes(images[i % len(images)].tobytes())
    return folder


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="counts the process's pages as Linux does")
def test_memory_stays_flat_over_a_thousand_files(folder):
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 1000
    # Nothing but the figure is on standard error: LiteRT's greetings are not for the user.
    assert int(done.stderr) < 20_000


def test_a_progress_bar_keeps_to_one_line_of_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for columns, bar in ((80, "#" * 15 + "." * 15), (20, "#" * 6 + "." * 6), (3, "")):
        monkeypatch.setattr("hcr_core.terminal._columns", lambda columns=columns: columns)
        with ProgressBar() as shown:
            shown.share(0.5)
        assert f"[{bar}]  50%" in capsys.readouterr().err


def test_a_terminal_shows_a_progress_bar_that_goes_away(folder):
    pty = pytest.importorskip("pty")
    terminal, seen_by_process = pty.openpty()
    paths = [str(path) for path in sorted(folder.iterdir())[:60]]
    process = subprocess.Popen(
        [sys.executable, "-m", "hcr_core", "read", "--layout", "word", *paths],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=seen_by_process,
    )
    os.close(seen_by_process)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # how Linux says that the other end has closed
        pass
    assert process.wait() == 0
    assert b"[####" in shown
    assert b"100%" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b"INFO" not in shown
