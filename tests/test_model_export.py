"""The shipped model in every form, each loaded by the program it is for, and what is refused."""

import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from conftest import ROOT

from hcr_core import model_export, model_store
from hcr_core.model_export import FORMS, export_model
from hcr_core.model_store import ModelError, open_model, save_model

GLYPHS = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)

#: Run by the process that may load TensorFlow: glyphs from a file, probabilities to others.
KERAS_AND_TENSORFLOW = """
import sys, numpy as np, keras, tensorflow as tf
glyphs = np.load(sys.argv[1])[..., None].astype("float32")
model = keras.saving.load_model(sys.argv[2], safe_mode=True, compile=False)
serving = tf.saved_model.load(sys.argv[3]).signatures["serving_default"]
(name,) = serving.structured_input_signature[1]
def predict(batch):
    (probabilities,) = serving(**{name: tf.constant(batch)}).values()
    return probabilities.numpy()
np.save(sys.argv[4] + "/keras.npy", model.predict(glyphs, verbose=0))
np.save(sys.argv[4] + "/saved-model.npy", predict(glyphs))
np.save(sys.argv[4] + "/saved-model-1.npy", predict(glyphs[:1]))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The shipped model in all forms, by form."""
    folder = tmp_path_factory.mktemp("exports")
    return {form: export_model(open_model("characters"), form, folder / f"new/out.{form}") for form in FORMS}


@pytest.fixture(scope="module")
def answered(exported, tmp_path_factory):
    """What the exports answer to ``GLYPHS``, by form; ``-1`` of the first glyph alone."""
    folder = tmp_path_factory.mktemp("answers")
    np.save(folder / "glyphs.npy", GLYPHS)
    keras_file = folder / "model.keras"  # Keras insists on the ending
    shutil.copy(exported["keras"], keras_file)
    arguments = [folder / "glyphs.npy", keras_file, exported["saved-model"], folder]
    subprocess.run(
        [sys.executable, "-c", KERAS_AND_TENSORFLOW, *map(str, arguments)], cwd=ROOT, capture_output=True, check=True
    )
    found = {name: np.load(folder / f"{name}.npy") for name in ("keras", "saved-model", "saved-model-1")}
    session = onnxruntime.InferenceSession(exported["onnx"], providers=["CPUExecutionProvider"])
    for name, glyphs in (("onnx", GLYPHS), ("onnx-1", GLYPHS[:1])):
        (found[name],) = session.run(None, {session.get_inputs()[0].name: glyphs[..., None].astype(np.float32)})
    found["litert"] = _litert(exported["litert"].read_bytes())
    return found


def _litert(content: bytes) -> np.ndarray:
    interpreter = Interpreter(model_content=content)
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, [len(GLYPHS), 28, 28, 1])
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, GLYPHS[..., None].astype(np.float32))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_probabilities_of_the_app(answered, recognizer, form):
    expected = recognizer.classify(GLYPHS)
    assert np.ptp(expected, axis=0).max() > 0.3  # random pixels, yet not answers that are all alike
    assert answered[form].dtype == np.float32
    assert np.abs(answered[form] - expected).max() < 1e-5


@pytest.mark.parametrize("form", ["saved-model", "onnx"])
def test_any_number_of_glyphs_is_taken(answered, form):
    assert answered[f"{form}-1"].shape == (1, 62)
    assert np.abs(answered[f"{form}-1"] - answered[form][:1]).max() < 1e-5


def test_the_stored_files_are_handed_out_as_they_are(exported):
    for form, filename in (("keras", "model.keras"), ("litert", "model.tflite")):
        assert exported[form].read_bytes() == (model_store.SHIPPED / "characters" / filename).read_bytes()


def test_nothing_else_is_left_beside_the_exports(exported):
    assert sorted(path.name for path in exported["onnx"].parent.iterdir()) == sorted(f"out.{form}" for form in FORMS)


@pytest.fixture
def quick(monkeypatch):
    """Conversion in no time, where it is not what is tested."""

    def convert(model, form, out):
        (out / "saved_model.pb" if form == "saved-model" else out).write_bytes(b"new")

    monkeypatch.setattr(model_export, "_convert", convert)
    return open_model("characters")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_there_is_replaced_only_if_wanted(quick, tmp_path, form):
    out = export_model(quick, form, tmp_path / "out")
    content = out / "saved_model.pb" if form == "saved-model" else out
    content.write_bytes(b"former")
    with pytest.raises(ModelError, match="out is there already"):
        export_model(quick, form, out)
    assert content.read_bytes() == b"former"
    export_model(quick, form, out, replace=True)
    assert content.read_bytes() != b"former"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("form", "make", "reason"),
    [
        ("onnx", "folder", "is a folder: name the file"),  # --force must not delete folders
        ("keras", "folder", "is a folder: name the file"),
        ("saved-model", "letters", "is a folder of something else"),
        ("saved-model", "file", "is a file: a SavedModel is a folder"),
    ],
)
def test_what_is_something_else_is_never_replaced(quick, tmp_path, form, make, reason):
    out = tmp_path / "out"
    if make == "file":
        out.write_text("mine")
    else:
        out.mkdir()
    if make == "letters":
        (out / "diary.txt").write_text("dear")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match=reason):
        export_model(quick, form, out, replace=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_becomes_a_savedmodel(quick, tmp_path):
    (tmp_path / "out").mkdir()
    assert (export_model(quick, "saved-model", tmp_path / "out") / "saved_model.pb").read_bytes() == b"new"


@pytest.mark.parametrize("form", FORMS)
def test_a_place_that_cannot_be_written_is_one_sentence(quick, tmp_path, form):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"file/out: cannot be written"):
        export_model(quick, form, tmp_path / "file" / "out")


def test_an_unknown_form_is_answered_with_those_there_are(quick, tmp_path):
    with pytest.raises(ModelError, match="choose one of keras, litert, saved-model, onnx"):
        export_model(quick, "pickle", tmp_path / "out")


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_file_is_neither_handed_out_nor_loaded(tmp_path, monkeypatch, form):
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path / "models"))
    shutil.copytree(model_store.SHIPPED / "characters", tmp_path / "models" / "copy")
    for filename in ("model.keras", "model.tflite"):
        path = tmp_path / "models" / "copy" / filename
        path.write_bytes(path.read_bytes() + b"x")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: pytest.fail("it was loaded"))
    with pytest.raises(ModelError, match="is not the file its card describes"):
        export_model(open_model("copy"), form, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_network_with_code_in_it_is_refused_and_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path / "models"))
    source = open_model("characters")
    save_model(tmp_path / "models", "code", source.card, {"model.keras": _with_lambda(tmp_path), "model.tflite": b""})
    with pytest.raises(ModelError, match=r"model code cannot be exported as onnx \(.*unsafe") as caught:
        export_model(open_model("code"), "onnx", tmp_path / "out" / "x.onnx")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def _with_lambda(folder) -> bytes:
    """The shipped network, scaled by a function that its file brings along."""
    path = folder / "lambda.keras"
    with (
        zipfile.ZipFile(model_store.SHIPPED / "characters" / "model.keras") as former,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in former.namelist():
            data = former.read(name)
            if name == "config.json":
                config = json.loads(data)
                layer = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Rescaling")
                code = {"class_name": "__lambda__", "config": {"code": "AA==", "defaults": None, "closure": None}}
                layer["class_name"] = "Lambda"
                layer["config"] = {"name": layer["config"]["name"], "function": code}
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return path.read_bytes()


def test_exporting_loads_no_tensorflow_into_this_process():
    code = (
        "import sys, hcr_core.cli_models;"
        "print([name for name in ('tensorflow', 'keras', 'tf2onnx', 'onnx', 'streamlit') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
