"""Draw, upload or photograph a character and see it read."""

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core import Reading
from hcr_core.alphabet import AlphabetError
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.imaging import MAX_BYTES, SUFFIXES, ImageError, decode
from hcr_core.model_store import ModelError
from ui.canvas import SIDE, drawing_pad, show_drawing, stroke_objects
from ui.data import recognizer
from ui.entry import ensure_app
from ui.reading import STYLE, answer, full_view, percent
from ui.recognize_this import given, put_away

CLASSES = {
    "all": "All",
    "digits": "Digits",
    "letters": "Letters",
    "uppercase": "Capitals",
    "lowercase": "Small",
}
EXAMPLES = "AgR7e4"
PAD = "recognize_pad"


def choices() -> tuple[str, str]:
    """The way in and the classes to choose from."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        source = st.segmented_control(
            "Your character",
            ["Draw", "Upload", "Camera"],
            default="Draw",
            required=True,
            label_visibility="collapsed",
            key="recognize_source",
            persist_state="session",
        )
        classes = st.segmented_control(
            "Read it as",
            list(CLASSES),
            default="all",
            required=True,
            format_func=CLASSES.get,
            key="recognize_classes",
            persist_state="session",
            help="Only these classes are considered: with digits alone, an O is read as zero.",
        )
    return source, classes


@st.fragment
def draw(classes: str) -> None:
    pad, result = st.columns([5, 7], gap="large")
    with pad:
        image = drawing_pad(PAD)
    with result:
        if image is None:
            answer(None, empty="Write one letter or digit on the sheet; it is read as you lift the pen.")
        else:
            full_view(recognizer().read(image, alphabet=classes), image, "recognize_draw")
        st.pills("Or look at one drawn by code", list(EXAMPLES), key="recognize_example", on_change=_example)


def _example() -> None:
    label = st.session_state["recognize_example"]
    st.session_state["recognize_example"] = None  # so that the same example can be chosen again
    if label is not None:
        strokes = pen_strokes(label)
        points = np.concatenate(strokes)
        scale = 0.6 * SIDE / np.ptp(points, axis=0).max()
        offset = SIDE / 2 - scale * (points.min(axis=0) + points.max(axis=0)) / 2
        show_drawing(PAD, stroke_objects([stroke * scale + offset for stroke in strokes]))


def read_bytes(data: bytes, classes: str) -> tuple[np.ndarray | None, Reading | None, str]:
    """Image, reading and error of a file; the error is empty where it was read."""
    try:
        image = decode(data)
    except ImageError as error:
        return None, None, str(error)
    return image, recognizer().read(image, alphabet=classes), ""


def upload(classes: str) -> None:
    files = st.file_uploader(
        "Photos or drawings, one character each",
        type=sorted(suffix[1:] for suffix in SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=MAX_BYTES // 2**20,
        key="recognize_files",
    )
    if not files:
        answer(None, empty="Choose pictures or drop them above: a letter on paper, a drawing from any program.")
        return
    # Read once per file and choice of classes, not on every rerun; only what is shown is kept.
    former = st.session_state.get("recognize_uploads", {})
    results = {}
    for file in files:
        key = (file.file_id, classes)
        results[key] = former.get(key) or read_bytes(file.getvalue(), classes)
    st.session_state["recognize_uploads"] = results
    shown = list(zip(files, results.values(), strict=True))
    if len(shown) == 1:
        one(shown[0][0].name, *shown[0][1], key="recognize_upload")
    else:
        several(shown)


def one(name: str, image: np.ndarray | None, reading: Reading | None, error: str, key: str) -> None:
    """A single image and everything about its reading."""
    if error:
        st.error(f"{plain(name)}: {error}", icon=":material/broken_image:")
        return
    original, result = st.columns([5, 7], gap="large")
    original.image(image, width=SIDE, alt=f"the image {plain(name)}")
    with result:
        full_view(reading, image, key)


def several(shown: list) -> None:
    """Thumbnails with their answers, a table to take away, and one of them in full."""
    rows = []
    with st.container(horizontal=True, gap="medium"):
        for file, (image, reading, error) in shown:
            character = reading.characters[0] if reading and reading.characters else None
            rows.append(
                {
                    "file": file.name,
                    "text": reading.text if reading else "",
                    "probability": round(character.probability, 4) if character else None,
                    "candidates": " ".join(f"{label}:{p:.3f}" for label, p in character.candidates[:5])
                    if character
                    else "",
                    "error": error,
                }
            )
            with st.container(width=140, border=True):
                if image is not None:
                    st.image(image, width=108, alt=f"the image {plain(file.name)}")
                st.markdown(f"**{character.label}** {percent(character.probability)}" if character else "–")
                st.caption(plain(file.name))
                if error:
                    st.caption(f":orange[{error}]")
                elif character is None:
                    st.caption("Nothing written here.")
    table = pd.DataFrame(rows)
    st.dataframe(table, hide_index=True)
    st.download_button(
        "Download as CSV",
        table.to_csv(index=False).encode(),
        "readings.csv",
        "text/csv",
        icon=":material/download:",
        key="recognize_csv",
        on_click="ignore",
    )
    names = [file.name for file, _ in shown]
    chosen = st.selectbox("In full", range(len(shown)), format_func=lambda i: names[i])
    one(names[chosen], *shown[chosen][1], key="recognize_upload")


def plain(name: str) -> str:
    """A file's name with nothing in it that Markdown would act on."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-!|~:$" else c for c in name)


def from_elsewhere(classes: str) -> None:
    """An image that another page sent here."""
    image, name = given()
    st.button("Back to my own", icon=":material/arrow_back:", key="recognize_back", on_click=put_away)
    st.caption(plain(name))
    one(name, image, recognizer().read(image, alphabet=classes), "", key="recognize_given_image")


def camera(classes: str) -> None:
    photo, result = st.columns([5, 7], gap="large")
    with photo:
        picture = st.camera_input(
            "Hold one character on paper in front of the camera", key="recognize_camera", resolution="720p"
        )
    if picture is None:
        with result:
            answer(None, empty="Take a photo; nothing leaves the machine that runs this app.")
        return
    image, reading, error = read_bytes(picture.getvalue(), classes)
    with result:
        if error:
            st.error(error, icon=":material/broken_image:")
        else:
            full_view(reading, image, "recognize_camera")


ensure_app()
st.title("Write, see it read", anchor=False)
st.html(STYLE)
try:
    recognizer()
    chosen_source, chosen_classes = choices()
    if given():
        from_elsewhere(chosen_classes)
    else:
        {"Draw": draw, "Upload": upload, "Camera": camera}[chosen_source](chosen_classes)
except (ModelError, AlphabetError) as problem:
    st.error(str(problem), icon=":material/error:")
