"""Draw, upload or photograph a character and see it read."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st

from hcr_core.alphabet import AlphabetError
from hcr_core.canvas_strokes import strokes_of
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.imaging import ImageError, decode
from hcr_core.model_store import ModelError, open_model
from hcr_core.recognition import Character
from hcr_core.several import has_several
from ui.canvas import SIDE, drawing_pad, objects_on, show_drawing, stroke_objects
from ui.data import SHIPPED_MODEL, kind_counts, readable_models, recognizer
from ui.entry import ensure_app
from ui.fragments import fragment
from ui.page_reading.choices import choose_language, choose_layout
from ui.page_reading.pages_read import KEPT
from ui.page_reading.room import on_a_phone
from ui.page_reading.writing import SHOWN, draw_writing, offer_more, show_photos
from ui.reading import STYLE, Seen, answer, full_view, look, plain
from ui.recognize_this import MODEL_KEY, given, put_away
from ui.teach import marking
from ui.uploads import Upload, keep_in_full, several, uploaded

CLASSES = {
    "all": "All",
    "digits": "Digits",
    "letters": "Letters",
    "uppercase": "Capitals",
    "lowercase": "Small",
}
#: The same where there is room for no more.
_SHORT = {"all": "More", "digits": "0–9", "letters": "A–z", "uppercase": "A–Z", "lowercase": "a–z"}
EXAMPLES = "AgR7e4"
PAD = "recognize_pad"
#: Files of an upload that are read: more would keep the visitor, and all others, waiting.
MOST_FILES = 100
#: Says which of several uploads is in full.
_SHOWN = "recognize_upload_shown"


@dataclass(frozen=True)
class Choice:
    """How to read: with which model, among which of its classes, one character or more, and whose words."""

    model: str
    classes: str
    layout: str = "character"
    language: str | None = None


def choices() -> tuple[str, Choice]:
    """The way in, the model, and the classes to choose from."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        source = st.segmented_control(
            "Your character",
            ["Draw", "Upload", "Camera"],
            default="Draw",
            required=True,
            label_visibility="collapsed",
            key="recognize_source",
            persist_state="session",
        )
        # On a phone they would push the answer out of sight.
        more = st.popover(_chosen(), icon=":material/tune:", key="recognize_choices") if on_a_phone() else nullcontext()
        layout = "character" if given() else choose_layout(source == "Draw")
        with more:
            model = _model()
            kinds = [kind for kind in CLASSES if kind in kind_counts(recognizer(model).alphabet)]
            if st.session_state.get("recognize_classes") not in (None, *kinds):
                st.session_state["recognize_classes"] = "all"
            classes = _classes(kinds) if len(kinds) > 1 else "all"
            language = choose_language() if layout != "character" else None
    return source, Choice(model, classes, layout, language)


def _chosen() -> str:
    """What hides the choices on a phone: a restriction is still to be seen."""
    return _SHORT[st.session_state.get("recognize_classes") or "all"]


def _classes(kinds: list[str]) -> str:
    return st.segmented_control(
        "Read it as",
        kinds,
        default="all",
        required=True,
        format_func=CLASSES.get,
        key="recognize_classes",
        persist_state="session",
        help="Only these classes are considered: with digits alone, an O is read as zero.",
    )


def _model() -> str:
    """The model to read with; there is nothing to choose before there is one of one's own."""
    models, _ = readable_models()
    if not models or st.session_state.get(MODEL_KEY) not in (None, *models):
        st.session_state.pop(MODEL_KEY, None)  # deleted meanwhile
    # What else comes with the app is for comparison, and reads drawings no better; other pages may choose it.
    if st.session_state.get(MODEL_KEY) is None and all(open_model(name).shipped for name in models):
        return models[0] if models else SHIPPED_MODEL
    return st.selectbox("Model", models, key=MODEL_KEY, persist_state="session", width=240)


@fragment
def draw(choice: Choice) -> None:
    pad, result = st.columns([5, 7], gap="medium")
    with pad:
        image = drawing_pad(PAD)
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", width=SIDE):
            st.markdown("Examples", width="content")
            for label in _examples(choice.model):
                st.button(label, key=f"recognize_example_{label}", on_click=_example, args=(label,))
    with result:
        if image is None:
            reads = "it is read" if choice.model == SHIPPED_MODEL else f"{choice.model} reads it"
            answer(None, empty=f"Write one letter or digit on the sheet; {reads} as you lift the pen.")
        else:
            full_view(_seen(image, choice), "recognize_draw", _marked_drawing)


def _marked_drawing(character: Character, model: str) -> None:
    marking.offer(character, model, "draw", strokes_of(objects_on(PAD)))


def _examples(model: str) -> list[str]:
    """Characters to show: such as the model knows."""
    known = recognizer(model).alphabet
    return [label for label in EXAMPLES if label in known] or list(EXAMPLES)


def _seen(image: np.ndarray, choice: Choice) -> Seen:
    return look(image, choice.classes, choice.model)


def _example(label: str) -> None:
    """Draw a character on the pad, as if the visitor had."""
    strokes = pen_strokes(label)
    points = np.concatenate(strokes)
    scale = 0.6 * SIDE / np.ptp(points, axis=0).max()
    offset = SIDE / 2 - scale * (points.min(axis=0) + points.max(axis=0)) / 2
    show_drawing(PAD, stroke_objects([stroke * scale + offset for stroke in strokes]))


def read_bytes(data: bytes, choice: Choice) -> Seen | str:
    """What is seen on an image file, also whether there is more than one character on it, or why it cannot be read."""
    try:
        image = decode(data)
        seen = _seen(image, choice)
        return replace(seen, several=has_several(image, seen.reading))
    except ImageError as error:
        return str(error)


def upload(choice: Choice) -> None:
    one_each = choice.layout == "character"
    files = uploaded("Photos or drawings, one character each" if one_each else "Photos or drawings", "recognize_files")
    if not files:
        kind = "a letter on paper" if one_each else "a photo of your notes"
        answer(None, empty=f"Choose pictures or drop them above: {kind}, a drawing from any program.")
        return
    if not one_each:
        keep_in_full([file.identity for file in files[:KEPT]], SHOWN)
        show_photos(files, choice)
        return
    if len(files) > MOST_FILES:
        st.warning(
            f"These are {len(files):,} files; the first {MOST_FILES} are read here, any number with "
            "`python -m hcr_core read FOLDER`."
        )
        files = files[:MOST_FILES]
    # Read once per file, model and choice of classes, not on every rerun; only what is shown is kept.
    version = recognizer(choice.model).card["files"]["model.tflite"]
    former = st.session_state.get("recognize_uploads", {})
    results = {}
    for file in files:
        key = (file.identity, choice, version)
        results[key] = former.get(key) or read_bytes(file.data, choice)
    st.session_state["recognize_uploads"] = results
    shown = [(file.name, result) for file, result in zip(files, results.values(), strict=True)]
    keep_in_full([file.identity for file in files], _SHOWN)
    if len(shown) > 1:
        several(shown, _SHOWN)
        chosen = st.selectbox("In full", range(len(shown)), format_func=lambda i: shown[i][0], key=_SHOWN)
    else:
        chosen = 0
        offer_more(shown[0][1])
    one(*shown[chosen], key="recognize_upload", below=partial(marking.offer, origin="upload"))


def one(name: str, result: Seen | str, key: str, below: Callable[[Character, str], None] | None = None) -> None:
    """A single image and everything about its reading."""
    if isinstance(result, str):
        st.error(f"{plain(name)}: {plain(result)}", icon=":material/broken_image:")
        return
    original, reading = st.columns([5, 7], gap="medium")
    original.image(result.picture, width=result.picture.shape[1], alt=f"the image {plain(name)}")
    with reading:
        full_view(result, key, below)


def from_elsewhere(choice: Choice) -> None:
    """An image that another page sent here."""
    image, name = given()
    st.button("Back to my own", icon=":material/arrow_back:", key="recognize_back", on_click=put_away)
    st.caption(plain(name))
    one(name, _seen(image, choice), key="recognize_given_image")


def camera(choice: Choice) -> None:
    photo, result = st.columns([5, 7], gap="medium")
    one_alone = choice.layout == "character"
    with photo:
        picture = st.camera_input(
            f"Hold {'one character' if one_alone else 'writing'} on paper in front of the camera",
            key="recognize_camera",
            resolution="720p" if one_alone else "1080p",
        )
    with result:
        if picture is None:
            answer(None, empty="Take a photo; nothing leaves the machine that runs this app.")
            return
    if not one_alone:
        show_photos([Upload(picture.file_id, "photo.jpg", picture.getvalue())], choice)
        return
    with result:
        seen = read_bytes(picture.getvalue(), choice)
        if isinstance(seen, str):
            st.error(plain(seen), icon=":material/broken_image:")
        else:
            offer_more(seen)
            full_view(seen, "recognize_camera", partial(marking.offer, origin="camera"))


ensure_app()
st.title("Write, see it read", anchor=False)
st.html(STYLE)
try:
    chosen_source, chosen = choices()
    if given():
        from_elsewhere(chosen)
    elif chosen_source == "Draw" and chosen.layout != "character":
        draw_writing(chosen)
    else:
        {"Draw": draw, "Upload": upload, "Camera": camera}[chosen_source](chosen)
    for sentence in readable_models()[1]:
        st.caption(f":material/warning: Left out: {plain(sentence)}.")
except (ModelError, AlphabetError) as problem:
    st.error(plain(str(problem)), icon=":material/error:")
