"""Changed files of models and runs, and nonsense on the command line: all is refused in one line."""

import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from fuzzing import TRIED, cases, places, scratch, there_were_enough  # noqa: F401
from hostile import NASTY_TEXTS, broken, broken_json, survives
from hypothesis import given
from hypothesis import strategies as st
from scripted_run import Script

from hcr_core import Recognizer
from hcr_core.cli import main
from hcr_core.model_card import best_accuracy, measured, parameters
from hcr_core.model_store import SHIPPED, ModelError, open_folder, stored_models
from hcr_core.training import checkpoint, job
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.progress import Watch
from ui.live import views

_CARD = json.loads((SHIPPED / "characters" / "card.json").read_text()) | {"history": [{"epoch": 1, "accuracy": 0.5}]}


@pytest.fixture(scope="module")
def model_files() -> dict[str, bytes]:
    return {name: (SHIPPED / "characters" / name).read_bytes() for name in ("model.keras", "model.tflite")}


def _look_at(folder: Path) -> None:
    """All that is done with a card before its model reads."""
    model = open_folder(folder)
    best_accuracy(model.card), parameters(model.card), measured(model.card)
    model.verify()
    Recognizer(model)


@cases(0.06)
@given(card=st.one_of(broken_json(_CARD), broken([json.dumps(_CARD).encode()])))
def test_cards(model_files, card):
    TRIED["cards"] += 1
    with scratch() as folder:
        for name, content in model_files.items():
            (folder / name).write_bytes(content)
        data = card if isinstance(card, bytes) else json.dumps(card).encode("utf-8", "surrogatepass")
        (folder / "card.json").write_bytes(data)
        survives(lambda: _look_at(folder), ModelError)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HCR_MODELS_DIR", str(folder.parent))
            survives(lambda: [model.error for model in stored_models()[1]])


@pytest.fixture(scope="module")
def run_files(tmp_path_factory) -> dict[str, bytes]:
    """The files of a run in the middle of its work."""
    script = Script(tmp_path_factory.mktemp("runs") / "run", epochs=3)
    script.state("training").start().epochs(2, {"visitor": 3}).end()
    checkpoint.write(script.run.folder / job.CHECKPOINT, checkpoint.Position(), {"w0": np.zeros(3)})
    return {path.name: path.read_bytes() for path in script.run.folder.iterdir()}


def _shown(run: job.Run) -> None:
    """All that the Train page makes of a run's files."""
    run.state(), run.said(), run.images_per_second()
    assert 0 <= run.ticket < 1e11
    with Watch(run).latest() as progress:
        json.dumps(views.header(run.state(), run.said(), progress, run.config), allow_nan=False)
        for view in (views.curves(progress, 3), views.gallery(progress), views.classes(progress)):
            json.dumps(view, allow_nan=False)
        for readings in progress.drawings.values():
            json.dumps(views.drawing(readings, progress.classes, 3, "", room=True), allow_nan=False)


@cases(0.07)
@given(data=st.data())
def test_runs(run_files, data):
    TRIED["runs"] += 1
    with scratch() as folder:
        for name, content in run_files.items():
            (folder / name).write_bytes(content)
        name = data.draw(st.sampled_from([job.EVENTS, job.EVENTS, *sorted(run_files)]))
        if name == job.EVENTS and data.draw(st.booleans()):
            lines = run_files[name].splitlines()
            place = data.draw(st.integers(0, len(lines) - 1))
            lines[place] = json.dumps(data.draw(broken_json(json.loads(lines[place])))).encode()
            (folder / name).write_bytes(b"\n".join(lines) + b"\n")
        elif name.endswith(".json") and data.draw(st.booleans()):
            (folder / name).write_text(json.dumps(data.draw(broken_json(json.loads(run_files[name])))))
        else:
            (folder / name).write_bytes(data.draw(broken([run_files[name]])))
        run = job.Run(folder)
        survives(lambda: _shown(run), TrainingError)
        survives(lambda: TrainingConfig.read(folder / job.CONFIG), TrainingError)
        survives(lambda: checkpoint.read(folder / job.CHECKPOINT), TrainingError)


_WORDS = ["characters", "digits", "all", "csv", "npz", "litert", "no-such", ".", "..", "/", "a.png", *NASTY_TEXTS]
_COMMANDS = {
    ("read",): ["--json", "--alphabet", "--layout", "--model", "--language"],
    ("data", "info"): ["--json"],
    ("data", "import"): ["--name", "--label-column", "--polarity", "--split", "--dry-run"],
    ("data", "export"): ["--format"],
    ("data", "remove"): [],
    ("models", "list"): ["--json"],
    ("models", "show"): ["--json"],
    ("models", "delete"): [],
    ("models", "export"): ["--format", "--force"],
    ("evaluate",): ["--data", "--model", "--split"],
    ("train",): ["--resume", "--finish", "--epochs", "--learning-rate"],
}


def _called(arguments: list[str]) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            status = main(arguments)
        except SystemExit as ended:  # argparse refuses so
            status = ended.code
    assert "Traceback" not in err.getvalue()
    return status


@cases(0.05)
@given(data=st.data())
def test_the_command_line(data):
    TRIED["command line"] += 1
    command = data.draw(st.sampled_from(sorted(_COMMANDS)))
    # No shell can hand over a zero byte.
    words = st.sampled_from([word for word in _WORDS if "\0" not in word])
    rest = data.draw(st.lists(st.one_of(words, st.sampled_from([*_COMMANDS[command], "--"])), max_size=5))
    if command in (("read",), ("data", "import")) and {"/", "..", "."} & set(rest):
        return  # all the files of this machine
    with scratch() as folder:
        here = os.getcwd()
        os.chdir(folder)
        try:
            assert survives(lambda: _called([*command, *rest])) in (0, 1, 2)
        finally:
            os.chdir(here)


def test_there_were_enough():
    there_were_enough(0.18, "cards", "runs", "command line")
