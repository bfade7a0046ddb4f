"""How many threads OpenCV takes in the server, and what it keeps of those that ended."""

import subprocess
import sys

import cv2
import pytest
from conftest import ROOT

from ui.cores import all_cores, one_core

#: Reads a drawing in so many threads, one after the other as visitors come, and prints by how many bytes each made
#: the process grow.
_VISITS = """
import sys, threading
from pathlib import Path
from conftest import sheet
from hcr_core import Recognizer
from ui.cores import all_cores, one_core

def size():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def visits(count):
    for _ in range(count):
        visit = threading.Thread(target=lambda: recognizer.read(image))
        visit.start()
        visit.join()

recognizer, image = Recognizer.load(), sheet("a")
if sys.argv[1] == "one":
    one_core()
visits(500)
before = size()
visits(2000)
print((size() - before) / 2000)
"""


def growth(cores: str) -> float:
    command = [sys.executable, "-c", _VISITS, cores]
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    return float(subprocess.run(command, env=paths, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@pytest.fixture(autouse=True)
def _as_before():
    yield
    cv2.setNumThreads(-1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process takes is read from /proc")
def test_a_visit_leaves_nothing_behind():
    assert growth("one") < 200


def test_a_page_is_read_by_all_cores_and_a_drawing_by_one():
    usual = cv2.getNumThreads()
    one_core()
    assert cv2.getNumThreads() == 1
    with all_cores():
        assert cv2.getNumThreads() == usual
        with all_cores():
            pass
        # Another page is still being read.
        assert cv2.getNumThreads() == usual
    assert cv2.getNumThreads() == 1


def test_a_page_that_cannot_be_read_gives_the_cores_back():
    one_core()
    with pytest.raises(ValueError, match="broken"), all_cores():
        raise ValueError("broken")
    assert cv2.getNumThreads() == 1
