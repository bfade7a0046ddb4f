"""Broken and hostile pictures, drawings and addresses: nothing crashes, hangs or fills the memory, all is refused in
one line. See ``fuzzing``; data sets, and what lies in the stores, have files of their own."""

import base64
import json

import cv2
import numpy as np
from conftest import page_at, sheet
from fuzzing import IMAGES, TRIED, cases, places, there_were_enough  # noqa: F401
from hostile import broken, broken_json, nasty_json, nasty_text, survives, with_right_checksums
from hypothesis import given
from hypothesis import strategies as st

from hcr_core.canvas_strokes import strokes_of
from hcr_core.drawing import drawn_image, drawn_objects
from hcr_core.imaging import ImageError, decode, flatten
from hcr_core.recognition import LAYOUTS
from hcr_core.word_list import word_list


@cases(0.25)
@given(data=broken(IMAGES), repair=st.booleans())
def test_image_files(data, repair):
    TRIED["images"] += 1
    if repair and data.startswith(b"\x89PNG"):
        data = with_right_checksums(data)
    image = survives(lambda: decode(data), ImageError)
    if image is not None:
        assert image.dtype == np.uint8
        assert image.ndim in (2, 3)
        assert survives(lambda: flatten(image), ImageError) is not None or not image.size


_pictures = st.tuples(
    st.sampled_from(["noise", "blank", "few", "stripes", "letter"]),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from([(), (3,), (4,)]),
    st.sampled_from([0, 1, 127, 254, 255]),
    st.integers(0, 2**32 - 1),
)


def _picture(kind: str, size: tuple[int, int], channels: tuple[int, ...], level: int, seed: int) -> np.ndarray:
    """An array that is an image, from blank to noise."""
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return rng.integers(0, 256, size + channels, np.uint8)
    image = np.full(size + channels, level, np.uint8)
    if kind == "few":
        image[rng.random(size) < 0.02] = rng.integers(0, 256)
    if kind == "stripes":
        image[:: rng.integers(1, 9)] = rng.integers(0, 256)
    if kind == "letter":
        drawn = cv2.resize(sheet("g", side=100, size=90, at=(5, 5)), size[::-1])
        image[:] = drawn.reshape(size + (1,) * len(channels))
    return image


@cases(0.1)
@given(
    picture=_pictures,
    layout=st.sampled_from(LAYOUTS),
    kind=st.sampled_from(["all", "digits", "lowercase"]),
    language=st.sampled_from([None, "en"]),
)
def test_reading_any_array(recognizer, picture, layout, kind, language):
    TRIED["arrays"] += 1
    word_list("en")  # opened once, which takes its time
    image = _picture(*picture)
    reading = survives(lambda: recognizer.read(image, layout, kind, language=language), ImageError)
    assert all(np.isfinite(character.probability) for character in reading.characters)
    json.dumps(reading.lines_to_dict(), allow_nan=False)


@cases(0.05)
@given(
    url=st.one_of(
        nasty_json,
        broken(IMAGES).map(lambda data: f"data:image/png;base64,{base64.b64encode(data).decode()}"),
        nasty_text,
    ),
    raw=broken_json({"version": "6", "objects": [{"type": "Path", "path": [["M", 1, 2]], "stroke": "#000"}]}),
)
def test_the_canvas(url, raw):
    TRIED["canvas"] += 1
    image = survives(lambda: drawn_image(url))
    assert image is None or image.dtype == np.uint8
    assert all(isinstance(entry, dict) for entry in survives(lambda: drawn_objects(raw)))
    assert all(np.isfinite(stroke).all() for stroke in survives(lambda: strokes_of(drawn_objects(raw))))


_ADDRESSES = {
    "explore": ["data", "view", "beside", "order", "axis", "classes", "each", "tile", "look", "shuffle", "likeness"],
    "models": ["show", "data", "part", "characters", "truth", "read_as", "model", "answers"],
    "train": ["run"],
    "recognize": ["model", "recognize_classes"],
}


@cases(0.015)
@given(data=st.data())
def test_addresses(data):
    """Without the limits: these pages load data sets, models and charts."""
    TRIED["addresses"] += 1
    page = data.draw(st.sampled_from(sorted(_ADDRESSES)))
    names = st.sampled_from(_ADDRESSES[page])
    text = nasty_text.map(lambda text: text.encode("utf-8", "replace").decode().replace("\0", ""))
    parameters = data.draw(st.dictionaries(names, st.one_of(text, st.sampled_from(["digits", "Gallery", "Confusion"]))))
    at = page_at(f"pages/{page}.py", **parameters)
    assert not at.exception, at.exception[0].message
    assert not any("http://host" in element.value and "\\" not in element.value for element in at.info)


def test_there_were_enough():
    there_were_enough(0.415, "images", "arrays", "canvas", "addresses")
