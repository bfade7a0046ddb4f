"""Model files that are not what they seem: nothing of them is loaded, and nothing in them runs."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from hcr_core import Recognizer
from hcr_core.model_export import export_model
from hcr_core.model_store import (
    KERAS,
    LITERT,
    QUICK,
    SHIPPED,
    ModelError,
    add_file,
    open_folder,
    open_model,
    save_model,
    stored_models,
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path / "store"))
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def _model(store: Path, **changed: bytes) -> None:
    """The shipped model under another name, some of its files replaced and the checksums made right again."""
    card = json.loads((SHIPPED / "characters" / "card.json").read_text())
    files = {name: (SHIPPED / "characters" / name).read_bytes() for name in (KERAS, LITERT, QUICK)}
    save_model(store, "evil", card, files | {name.replace("_", "."): data for name, data in changed.items()})


class _Runs:
    """An object whose unpickling runs a command."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def test_a_pickle_is_no_model(store, tmp_path):
    mark = tmp_path / "ran"
    data = pickle.dumps(_Runs(mark))
    _model(store, model_keras=data, model_tflite=data)
    with pytest.raises(ModelError, match="cannot be loaded"):
        Recognizer.load("evil")
    with pytest.raises(ModelError, match="cannot be exported"):
        export_model(open_model("evil"), "saved-model", tmp_path / "out")
    assert not mark.exists()
    assert not (tmp_path / "out").exists()


_LAMBDA = """
import sys, keras
mark = sys.argv[2]
model = keras.Sequential([
    keras.Input((28, 28, 1)), keras.layers.Lambda(lambda x, mark=mark: (open(mark, "w").close(), x)[1]),
    keras.layers.Flatten(), keras.layers.Dense(62, activation="softmax"),
])
model.save(sys.argv[1])
import os
os.path.exists(mark) and os.remove(mark)
"""


def test_a_layer_with_a_function_of_its_own_is_not_run(store, tmp_path):
    """Keras keeps the code of a ``Lambda`` in the model; ``safe_mode`` refuses it."""
    mark = tmp_path / "ran"
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", _LAMBDA, str(tmp_path / "lambda.keras"), str(mark)]
    subprocess.run(command, env=quiet, cwd=ROOT, check=True, capture_output=True)
    _model(store, model_keras=(tmp_path / "lambda.keras").read_bytes())
    with pytest.raises(ModelError, match=r"cannot be exported.*(Lambda|lambda|unsafe|safe_mode)"):
        export_model(open_model("evil"), "saved-model", tmp_path / "out")
    assert not mark.exists()


def _with_class(data: bytes, tmp_path: Path) -> bytes:
    """A Keras file whose first layer is said to be a function of Python's own."""
    source, target = tmp_path / "source.keras", tmp_path / "target.keras"
    source.write_bytes(data)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                layer = config["config"]["layers"][1]
                layer |= {"module": "builtins", "class_name": "exec", "registered_name": None}
                layer["config"] = {"source": f"open({str(tmp_path / 'ran')!r}, 'w')"}
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return target.read_bytes()


def test_a_configuration_that_names_other_code_is_not_run(store, tmp_path):
    _model(store, model_keras=_with_class((SHIPPED / "characters" / KERAS).read_bytes(), tmp_path))
    with pytest.raises(ModelError, match="cannot be exported"):
        export_model(open_model("evil"), "saved-model", tmp_path / "out")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("filename", [KERAS, LITERT, QUICK])
@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_single_changed_byte_is_found(store, filename, place):
    _model(store)
    data = bytearray((store / "evil" / filename).read_bytes())
    data[place] ^= 1
    (store / "evil" / filename).write_bytes(data)
    with pytest.raises(ModelError, match="is not the file its card describes"):
        open_model("evil").verify()
    assert [model.name for model in stored_models()[1]] == ["evil"]


@pytest.mark.parametrize("data", [b"no network", (SHIPPED / "digits" / LITERT).read_bytes()], ids=["none", "another"])
def test_a_network_for_pages_that_is_not_the_models_is_refused(store, data):
    _model(store)
    add_file(open_model("evil"), QUICK, data)
    with pytest.raises(ModelError, match="cannot be loaded"):
        Recognizer.load("evil")


@pytest.mark.parametrize("form", ["keras", "litert", "saved-model", "onnx"])
def test_a_changed_model_is_not_exported(store, tmp_path, form):
    _model(store)
    for filename in (KERAS, LITERT):
        with open(store / "evil" / filename, "ab") as file:
            file.write(b"\0")
    with pytest.raises(ModelError, match="is not the file its card describes"):
        export_model(open_model("evil"), form, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../secret", "..", "/etc/passwd", "a/b", "", "\0", "\ud800", "a\\b"])
def test_a_card_names_files_of_its_own_folder_only(store, name):
    _model(store)
    card = json.loads((store / "evil" / "card.json").read_text())
    card["files"][name] = hashlib.sha256(b"").hexdigest()
    (store / "evil" / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="evil"):
        open_model("evil").verify()


def test_a_link_to_another_file_is_not_what_the_card_describes(store, tmp_path):
    _model(store)
    (tmp_path / "secret").write_bytes(b"secret")
    (store / "evil" / LITERT).unlink()
    (store / "evil" / LITERT).symlink_to(tmp_path / "secret")
    with pytest.raises(ModelError, match="is not the file its card describes"):
        Recognizer.load("evil")


def test_a_pipe_is_no_model_file_and_nothing_waits_for_it(store):
    _model(store)
    (store / "evil" / LITERT).unlink()
    os.mkfifo(store / "evil" / LITERT)
    with pytest.raises(ModelError, match=r"model\.tflite cannot be read"):
        open_model("evil").verify()


def test_an_endless_card_is_refused(store):
    _model(store)
    (store / "evil" / "card.json").write_bytes(b"[" * (20 << 20))
    with pytest.raises(ModelError, match="its card is damaged"):
        open_folder(store / "evil")


def test_models_are_found_in_the_stores_only(store, tmp_path, monkeypatch):
    _model(store)
    shutil.copytree(store / "evil", tmp_path / "outside")
    monkeypatch.chdir(tmp_path)
    for name in ("outside", "../outside", str(tmp_path / "outside"), "evil/../../outside"):
        with pytest.raises(ModelError):
            Recognizer.load(name)
