"""The Train page under test: runs that were written, not trained, and what the page says of them."""

import base64
import json

import cv2
import pytest
from conftest import ROOT, sheet
from scripted_run import Script
from streamlit.testing.v1 import AppTest

from hcr_core.model_store import SHIPPED, open_folder, save_model
from hcr_core.training.job import MODEL

PAD = "train_pad"


@pytest.fixture
def train_places(tmp_path, monkeypatch):
    """Runs and models of each test alone, and no data but what is bundled."""
    for name in ("RUNS", "MODELS", "DATA", "IMPORTED"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def script(train_places) -> Script:
    return Script(train_places / "runs" / "mine")


def page(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)
    at.switch_page("pages/train.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def live(at: AppTest, name: str) -> dict:
    """What a live view was given to show."""
    views = [view.proto for view in at.get("bidi_component") if view.proto.component_name == f"hcr_live_{name}"]
    assert len(views) == 1
    return json.loads(views[0].json)


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def words(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.error, *at.info, *at.subheader])


def html(at: AppTest) -> str:
    return " ".join(block.proto.body for block in at.get("html"))


def drawn(at: AppTest, label: str) -> AppTest:
    png = base64.b64encode(cv2.imencode(".png", sheet(label, side=340, size=200, pen=16))[1].tobytes()).decode()
    at.session_state[PAD] = {
        "drawing": {"raw": {"objects": [{"type": "Path"}]}, "data": f"data:image/png;base64,{png}"}
    }
    at.run()
    assert not at.exception
    return at


def finished(script: Script) -> Script:
    """A run of all its passes, with a model: the shipped one."""
    model = open_folder(SHIPPED / "characters")
    return modelled(script.start(classes=model.card["classes"]).epochs(4).end())


def modelled(script: Script) -> Script:
    """With the shipped model in place of its own."""
    model = open_folder(SHIPPED / "characters")
    save_model(script.run.folder, MODEL, model.card, {name: model.read(name) for name in model.card["files"]})
    return script


def stopped(script: Script) -> Script:
    """A run stopped in its second pass, which had got better since the first."""
    return script.start().epochs(1).batch(2, 10).peek(2, 10, 0.5).checkpoint().state("stopped", epoch=2, step=10)
