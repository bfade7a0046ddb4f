"""Stored models in the forms that other programs load."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hcr_core.atomic import file_written_aside, written_aside
from hcr_core.model_store import KERAS, LITERT, ModelError, StoredModel

#: Forms that are files of the store.
_STORED = {"keras": KERAS, "litert": LITERT}
FORMS = (*_STORED, "saved-model", "onnx")
_ROOT = Path(__file__).resolve().parent.parent


def export_model(model: StoredModel, form: str, out: str | Path, *, replace: bool = False) -> Path:
    """Write a model for other programs.

    Whatever the form, it takes float32 (n, 28, 28, 1) of 0-255, white ink on black, for any n, and
    gives float32 (n, classes), probabilities in the order of the card's classes.

    * ``"keras"``, ``"litert"``: the store's own files, unchanged;
    * ``"saved-model"``: a folder for TensorFlow and TensorFlow Serving;
    * ``"onnx"``: a file for ONNX Runtime. Both of these take a process with TensorFlow some seconds.

    Args:
        model: What to write; its files' checksums are verified first.
        form: One of ``FORMS``.
        out: The file or, for ``"saved-model"``, folder to make.
        replace: Whether a file, or a SavedModel, that is there may be replaced.

    Returns:
        ``out``.

    Raises:
        ModelError: ``out`` is there or cannot be written, or the model is damaged.
    """
    out = Path(out)
    if form not in FORMS:
        raise ModelError(f"unknown format {form!r}: choose one of {', '.join(FORMS)}")
    _check_free(out, form, replace)
    try:
        with (written_aside if form == "saved-model" else file_written_aside)(out) as aside:
            if form in _STORED:
                aside.write_bytes(model.read(_STORED[form]))
            else:
                _convert(model, form, aside)
    except OSError as error:
        raise ModelError(f"{out}: cannot be written ({error.strerror or error})") from None
    return out


def packed(model: StoredModel, form: str) -> bytes:
    """``export_model`` in memory, for a browser to save; a SavedModel comes as ZIP. Raises ``ModelError``."""
    with tempfile.TemporaryDirectory() as folder:
        out = export_model(model, form, Path(folder) / "export" / packed_name(model.name, form))
        if out.is_dir():
            out = Path(shutil.make_archive(str(Path(folder) / "packed"), "zip", out))
        return out.read_bytes()


def packed_name(name: str, form: str) -> str:
    """A file name for what ``packed`` makes of a model called ``name``."""
    return name + {"keras": ".keras", "litert": ".tflite", "saved-model": "-saved-model.zip", "onnx": ".onnx"}[form]


def _check_free(out: Path, form: str, replace: bool) -> None:
    """Raise ``ModelError`` where something is that must stay."""
    if form == "saved-model" and out.is_dir():
        if not any(out.iterdir()):
            return
        if not (out / "saved_model.pb").is_file():
            raise ModelError(f"{out} is a folder of something else: name one to make")
    elif out.is_dir():
        raise ModelError(f"{out} is a folder: name the file to make in it")
    elif form == "saved-model" and out.exists():
        raise ModelError(f"{out} is a file: a SavedModel is a folder")
    if out.exists() and not replace:
        raise ModelError(f"{out} is there already: choose another name, or have it replaced with --force")


def _convert(model: StoredModel, form: str, out: Path) -> None:
    """Have ``training.export`` write a file or fill a folder: only there TensorFlow may be loaded."""
    # On the processor, where every machine gives the same; and silent, so that the last line is the reason.
    quiet = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / KERAS
        source.write_bytes(model.read(KERAS))  # what was verified is what is loaded
        command = [sys.executable, "-m", "hcr_core.training.export", str(source), form, str(out.absolute())]
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=os.environ | quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ModelError(f"model {model.name} cannot be exported as {form} ({reason})")
