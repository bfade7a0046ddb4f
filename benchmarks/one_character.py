"""One character from an RGBA array to its reading, and 100,000 glyphs at once, beside the bare interpreter.

Run: ``python -m benchmarks.one_character``. Beside ours stand

- the *fewest calls* that could do it: gray, threshold, the ink's box, one resize, the bare LiteRT call;
- the *tutorials' way*: ``cv2.resize`` and ``model.predict``, in a process of its own, because only there TensorFlow
  may be loaded.

All take turns in one run, so that the ratios stand whatever else the machine does.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from benchmarks.speed import sheet
from hcr_core import Recognizer
from hcr_core.model_store import KERAS, LITERT, open_model

#: Times that each is measured, in turns of so many.
_RUNS, _TURN = 2000, 50
#: At most this many times as long as the fewest calls, and at least this share of the bare interpreter's rate.
LONGEST, LEAST = 1.5, 0.9
_GLYPHS, _BATCH = 100_000, 256

_TUTORIAL = """
import sys, json, time, cv2, keras, numpy as np
model = keras.models.load_model(sys.argv[1], compile=False)
image = np.load(sys.argv[2])
def work():
    gray = cv2.cvtColor(image, cv2.COLOR_RGBA2GRAY)
    small = cv2.resize(255 - gray, (28, 28), interpolation=cv2.INTER_AREA)
    answers = keras.tree.flatten(model.predict(small.reshape(1, 28, 28, 1).astype("float32"), verbose=0))
    return int(max(answers, key=lambda answer: answer.size).argmax())
for _ in range(10): work()
times = []
for _ in range(200):
    started = time.perf_counter(); work(); times.append(time.perf_counter() - started)
print(json.dumps(times))
"""


class Bare:
    """The interpreter and as few OpenCV calls as can make a glyph of a clean drawing."""

    def __init__(self, content: bytes, threads: int):
        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # A model may also say whether it is a character at all; the answer is its larger output.
        details = max(self._interpreter.get_output_details(), key=lambda output: int(output["shape"][-1]))
        self._output = details["index"]

    def prepare(self, batch: int) -> None:
        self._interpreter.resize_tensor_input(self._input, [batch, 28, 28, 1])
        self._interpreter.allocate_tensors()

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input, glyphs[..., None].astype(np.float32))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)

    def read(self, image: np.ndarray) -> int:
        ink = 255 - cv2.cvtColor(image, cv2.COLOR_RGBA2GRAY)
        x, y, width, height = cv2.boundingRect(cv2.threshold(ink, 24, 255, cv2.THRESH_BINARY)[1])
        cut = ink[y : y + height, x : x + width]
        scale = 24 / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
        top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
        glyph = cv2.copyMakeBorder(small, top, 28 - size[1] - top, left, 28 - size[0] - left, cv2.BORDER_CONSTANT)
        return int(self.classify(glyph[None])[0].argmax())


def in_turns(works: dict[str, Callable[[], object]]) -> dict[str, np.ndarray]:
    """Milliseconds of every call of each, float (_RUNS,)."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(_RUNS // _TURN + 1):
        for name, work in works.items():
            for _ in range(_TURN):
                started = time.perf_counter()
                work()
                if turn:  # the first turn warms up
                    times[name].append(1000 * (time.perf_counter() - started))
    return {name: np.array(values) for name, values in times.items()}


def tutorials(folder, image: np.ndarray) -> np.ndarray:
    """Milliseconds of the tutorials' way, float (200,)."""
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, image)
        file.flush()
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        command = [sys.executable, "-c", _TUTORIAL, str(folder / KERAS), file.name]
        done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, text=True, check=True)
    return 1000 * np.array(json.loads(done.stdout.splitlines()[-1]))


def batches(recognizer: Recognizer, bare: Bare) -> tuple[float, float]:
    """Glyphs a second of ours and of the bare interpreter: medians of five turns each."""
    glyphs = np.random.default_rng(0).integers(0, 256, (_GLYPHS, 28, 28), dtype=np.uint8)
    part = glyphs[:_BATCH]
    bare.prepare(_BATCH)
    ours, theirs = [], []
    for _ in range(5):
        started = time.perf_counter()
        recognizer.classify(glyphs)
        ours.append(_GLYPHS / (time.perf_counter() - started))
        started = time.perf_counter()
        for _ in range(_GLYPHS // _BATCH):
            bare.classify(part)
        theirs.append(_GLYPHS // _BATCH * _BATCH / (time.perf_counter() - started))
    return float(np.median(ours)), float(np.median(theirs))


def main() -> None:
    model = open_model("characters")
    recognizer, image = Recognizer(model), sheet(340, 340, 4)
    bare = Bare(model.read(LITERT), threads=2)
    bare.prepare(1)
    times = in_turns({"ours": lambda: recognizer.read(image), "fewest calls": lambda: bare.read(image)})
    times["tutorials' way"] = tutorials(model.folder, image)
    print("one character, RGBA array to answer      p50         p99")
    for name, values in times.items():
        middle, late = np.percentile(values, [50, 99])
        print(f"  {name:<28} {middle:8.2f} ms {late:8.2f} ms")
    ratio = float(np.median(times["ours"]) / np.median(times["fewest calls"]))
    print(f"  ours is {ratio:.2f} times the fewest calls (wanted: at most {LONGEST})")
    ours, theirs = batches(recognizer, Bare(model.read(LITERT), threads=os.cpu_count() or 2))
    print(f"{_GLYPHS:,} glyphs: {ours:,.0f} a second, the bare interpreter on all cores {theirs:,.0f}")
    print(f"  {ours / theirs:.0%} of it (wanted: at least {LEAST:.0%})")
    sys.exit(ratio > LONGEST or ours < LEAST * theirs)


if __name__ == "__main__":
    main()
