"""A public demonstration: what would change something for the next visitor is off, on the pages and below them."""

import numpy as np
import pytest
from conftest import images_of, page_at
from scripted_run import Script

from hcr_core.cli import main
from hcr_core.datasets import DatasetError, import_dataset, preview, remove
from hcr_core.datasets.download import get
from hcr_core.model_store import ModelError, delete_model, save_model
from hcr_core.public import is_public
from hcr_core.training import job
from hcr_core.training.config import TrainingConfig, TrainingError


@pytest.fixture
def public(tmp_path, monkeypatch):
    """Folders with something to lose, in public."""
    for name in ("RUNS", "MODELS", "IMPORTED", "DATA"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(tmp_path / name.lower()))
    np.savez(tmp_path / "a.npz", images=images_of(4), labels=np.array(list("abab")))
    import_dataset(tmp_path / "a.npz", "own")
    save_model(tmp_path / "models", "mine", {"classes": ["a"]}, {"model.tflite": b"1"})
    Script(tmp_path / "runs" / "run-1").start().epochs(1).state("stopped", epoch=1, step=20).checkpoint()
    monkeypatch.setenv("HCR_PUBLIC", "1")
    return tmp_path


def _state(folder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("", False), ("0", False), ("off", False)])
def test_the_switch(monkeypatch, value, expected):
    monkeypatch.setenv("HCR_PUBLIC", value)
    assert is_public() is expected
    monkeypatch.delenv("HCR_PUBLIC")
    assert not is_public()


def test_everything_that_changes_something_is_refused_kindly(public):
    run, glyph = job.find("run-1"), np.zeros((28, 28), np.uint8)
    config = TrainingConfig.of("x", ("digits",), "mlp-256")
    attempts = [
        (TrainingError, lambda: job.start(config)),
        (TrainingError, run.resume),
        (TrainingError, run.finish),
        (TrainingError, lambda: run.ask("stop")),
        (TrainingError, lambda: run.show("visitor-1", glyph)),
        (TrainingError, lambda: run.save("x")),
        (TrainingError, run.delete),
        (DatasetError, lambda: import_dataset(public / "a.npz", "other")),
        (DatasetError, lambda: preview(public / "a.npz")),
        (DatasetError, lambda: remove("own")),
        (DatasetError, lambda: get("mnist")),
        (ModelError, lambda: delete_model("mine")),
    ]
    before = _state(public)
    for error, attempt in attempts:
        with pytest.raises(error, match="is off here, because this is a public demonstration"):
            attempt()
    assert _state(public) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--name", "x", "--data", "digits", "--architecture", "mlp-256"],
        ["train", "--resume", "run-1"],
        ["data", "remove", "mine"],
        ["models", "delete", "mine"],
    ],
)
def test_the_command_line_refuses_too(public, capsys, arguments):
    before = _state(public)
    assert main(arguments) == 1
    assert "public demonstration" in capsys.readouterr().err
    assert _state(public) == before


def test_the_train_page_says_so_and_offers_nothing(public):
    at = page_at("pages/train.py", run="run-1")
    assert "Training is off here" in at.info[0].value
    assert not at.exception
    assert not at.button
    assert not at.text_input


def test_the_explore_page_has_no_import(public):
    at = page_at("pages/explore.py", view="Import", data="digits")
    assert not at.exception
    assert not at.get("file_uploader")
    assert any("Importing" in caption.value for caption in at.caption)


def test_an_imported_set_cannot_be_removed(public):
    at = page_at("pages/explore.py", data="own")
    assert any("Imported on" in caption.value for caption in at.caption)
    assert not at.get("popover")


def test_reading_and_comparing_stay(public):
    for page in ("recognize", "models"):
        at = page_at(f"pages/{page}.py")
        assert not at.exception
        assert not at.info
