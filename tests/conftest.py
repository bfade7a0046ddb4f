"""What the tests share: the shipped model, real handwriting where it is at hand, drawn characters."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hcr_core import Recognizer, model_store
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.readers import blocks_of
from hcr_core.datasets.strokes import render

# Fixtures that only start a browser, or write a run, where a test asks for one.
pytest_plugins = ["browser_session", "train_page"]

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("HCR_DATA_DIR", ROOT.parent / "shared" / "data"))


def pytest_configure(config: pytest.Config) -> None:
    """Keep what the tests load out of the user's own cache, and from one run to the next."""
    os.environ.setdefault("HCR_CACHE_DIR", str(config.cache.mkdir("hcr")))
    os.environ.setdefault("HCR_IMPORTED_DIR", str(config.cache.mkdir("hcr-imported")))
    shutil.rmtree(config.cache.mkdir("hcr-corrections"))
    os.environ.setdefault("HCR_CORRECTIONS_DIR", str(config.cache.mkdir("hcr-corrections")))
    shutil.rmtree(config.cache.mkdir("hcr-runs"))
    os.environ.setdefault("HCR_RUNS_DIR", str(config.cache.mkdir("hcr-runs")))


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return Recognizer.load()


@pytest.fixture
def handwriting(monkeypatch) -> Path:
    """The folder of real handwriting; tests that need it are skipped without it."""
    if not (DATA / "emnist62").is_dir():
        pytest.skip(f"no handwriting in {DATA}: set HCR_DATA_DIR")
    monkeypatch.setenv("HCR_DATA_DIR", str(DATA))
    return DATA


def sheet(label: str, *, side: int = 200, size: int = 100, at: tuple[int, int] = (50, 50), pen: int = 8) -> np.ndarray:
    """A character of the pen alphabet in black on a white sheet, uint8 (side, side).

    ``size`` is its longer side, ``at`` the left and top of its box, ``pen`` its width, in pixels.
    """
    strokes = pen_strokes(label)
    points = np.concatenate(strokes)
    low, scale = points.min(axis=0), (size - pen) / np.ptp(points, axis=0).max()
    image = np.full((side, side), 255, np.uint8)
    for stroke in strokes:
        path = np.round(((stroke - low) * scale + np.array(at) + pen / 2) * 16).astype(np.int32)
        cv2.polylines(image, [path], False, 0, pen, cv2.LINE_AA, 4)
    return image


def drawn_ink(label: str, width: float = 80) -> np.ndarray:
    """A character of the pen alphabet as an ink map, uint8 (h, w)."""
    return render(pen_strokes(label), width)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine between two glyphs, 1 where they are the same."""
    x, y = a.astype(float).ravel(), b.astype(float).ravel()
    return float(x @ y / max(np.linalg.norm(x) * np.linalg.norm(y), 1e-9))


def gathered(path, label_column=None) -> tuple[np.ndarray, list[str]]:
    """Images and labels as a reader gives them."""
    blocks = list(blocks_of(path, label_column))
    return np.concatenate([b.images for b in blocks]), [label for b in blocks for label in b.labels.tolist()]


def images_of(count: int, side: int = 4, seed: int = 0) -> np.ndarray:
    """Random images with an empty border, uint8 (count, side, side)."""
    images = np.zeros((count, side, side), np.uint8)
    images[:, 1:-1, 1:-1] = np.random.default_rng(seed).integers(1, 256, (count, side - 2, side - 2))
    return images


def page_at(page: str, **parameters: str) -> AppTest:
    """A page of the app, run once at an address with these parameters."""
    at = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    at.switch_page(page)
    for name, value in parameters.items():
        at.query_params[name] = value
    return at.run()


@pytest.fixture
def only_characters(tmp_path_factory, monkeypatch):
    """One model comes with the app, as far as a test in this process sees."""
    shipped = tmp_path_factory.mktemp("shipped")
    shutil.copytree(model_store.SHIPPED / "characters", shipped / "characters")
    monkeypatch.setattr(model_store, "SHIPPED", shipped)
