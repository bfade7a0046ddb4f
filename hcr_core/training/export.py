"""A Keras model as a SavedModel or as ONNX, in a process of its own (see ``model_export``).

Run: ``python -m hcr_core.training.export MODEL.keras saved-model|onnx OUT``.
"""

import sys

import keras

#: Keras's names of the forms.
_FORMATS = {"saved-model": "tf_saved_model", "onnx": "onnx"}


def export(source: str, form: str, out: str) -> None:
    """Convert a file whose checksum has been verified; any number of glyphs at once.

    ONNX is made by tf2onnx, which Keras calls.
    """
    model = keras.saving.load_model(source, safe_mode=True, compile=False)
    # Named inputs: Keras cannot find them out of a functional model that was never called.
    model.export(out, format=_FORMATS[form], input_signature=model.inputs, verbose=False)


if __name__ == "__main__":
    try:
        export(*sys.argv[1:])
    except Exception as error:  # whatever a damaged network breaks: the caller shows one line of it
        sys.exit(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
