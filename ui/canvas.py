"""The drawing pad: a canvas whose drawing outlives leaving the page."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import streamlit as st
import streamlit_drawable_canvas as package
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from hcr_core.drawing import drawn_image, drawn_objects

#: How the package's script says that it waits 200 ms after a stroke before it sends the drawing: more than half of
#: what a visitor waits for the answer. A stroke has ended when the pen is lifted; there is nothing to wait for.
WAIT, NO_WAIT = "}, Bc = 200, ", "}, Bc = 8, "
#: Where the package's script takes what it is told. In a list, Streamlit hands it on as it is; in a dictionary it would
#: look for tables, and load pandas for that, for which the first visitor would wait a third of a second.
TOLD, TOLD_IN_LIST = "const { data: t, parentElement", "const { data: [t], parentElement"
#: What the package's script sends beside the strokes: with it the number of the edit that they followed.
SENT, SENT_WITH_EDIT = "}, Ht = [", '}, Ht = ["edit", '
#: When it sends a drawing that it was given: not at first. But Streamlit puts the sheet in anew where clicks follow
#: each other quickly, and then nothing would tell what is on it.
LATER, AT_ONCE = "(!n && e.latest", "((!n || h.objects.length) && e.latest"
#: Where a drawing has been made ready for a sheet, which may be gone by then.
READY = "=> (this.clear(), this.add(...d)"
FOR_A_SHEET = "=> this.disposed ? new Promise(() => {}) : (this.clear(), this.add(...d)"
CHANGES = {WAIT: NO_WAIT, TOLD: TOLD_IN_LIST, SENT: SENT_WITH_EDIT, LATER: AT_ONCE, READY: FOR_A_SHEET}
_BUILD = Path(package.__file__).parent / "frontend" / "build"
# The package's own toolbar lies invisibly over a corner of the sheet, where it swallows strokes and
# takes clicks, and its shadow root is out of reach of the page's styles. Our buttons do what it
# does, so the same component is registered again without it. A sheet wider than the window scrolls sideways, with a
# bar in sight: what is around it makes bars transparent.
_CSS = """
.dc-root > .dc-toolbar { display: none !important; }
.dc-scroll { scrollbar-color: #888 transparent; }
"""
#: Where the component's script, with what is changed in it, is served from for as long as the app runs.
_folder = tempfile.TemporaryDirectory(prefix="hcr-canvas-")


def _build() -> None:
    """Write the component's script into the folder."""
    folder = Path(_folder.name) / "build"
    folder.mkdir()
    script = next(_BUILD.glob("index-*.js")).read_text(encoding="utf-8")
    for part, instead in CHANGES.items():
        script = script.replace(part, instead)
    # The name changes with the contents, so that no browser keeps an older one.
    name = f"index-{hashlib.sha256(script.encode()).hexdigest()[:12]}.js"
    (folder / name).write_text(script, encoding="utf-8")


def _announce() -> None:
    """Tell Streamlit of the folder, as an installed package does; again where a test has another runtime."""
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(_COMPONENT) is None:
        group, name = _COMPONENT.split(".")
        config = ComponentConfig(name=name, asset_dir="build")
        manager.register_from_manifest(ComponentManifest(group, package.__version__, [config]), Path(_folder.name))


_COMPONENT = "handwriting.canvas"
_build()
_announce()
_canvas = st.components.v2.component(
    _COMPONENT,
    js="index-*.js",
    css=(_BUILD / "index-style.css").read_text(encoding="utf-8") + _CSS,
    html='<div class="canvas-root"></div>',
    isolate_styles=True,
)


def _mounted(data: dict, **arguments):
    """What the package calls to show its component."""
    _announce()
    return _canvas(data=[data], **arguments)


package.out = _mounted

#: Side of the pad in CSS pixels: a palm's width, and what fits on a phone of 375.
SIDE = 340
_PAPER = "#ffffff"
#: The pen to begin with: width in CSS pixels and colour.
PEN_WIDTH, INK = 16, "#1e2433"


def drawing_pad(key: str, pen: int = PEN_WIDTH, size: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray | None:
    """Show the pad with its buttons; to be called inside a fragment.

    Args:
        key: Name of the pad in the session.
        pen: Width of the pen to begin with, in CSS pixels.
        size: Width and height in CSS pixels.

    Returns:
        The drawing, uint8 (height, width, 4) RGBA, or ``None`` before anything was drawn and after all was taken back.
    """
    pad = _state(key)
    if key not in st.session_state:
        # The canvas is new in the browser, on the first visit or after another page: give it
        # the drawing as it was left.
        pad["start"] = {"objects": pad["objects"], "edit": pad["edits"]}
    with st.container(key=f"{key}_frame", width=size[0]):
        raw, data_url = _sent(key, pad, pen, size)
    # What the canvas last sent stays in its result after our own buttons changed the drawing; and what it sends may
    # be of an earlier edit than the last, which it has not shown yet.
    if data_url is not None and data_url != pad["received"] and _follows(raw, pad["edits"]):
        pad["received"] = data_url
        objects = drawn_objects(raw)
        if len(objects) != len(pad["objects"]):
            pad["undone"] = []  # a new stroke, not the echo of our own buttons
        pad["objects"] = objects
        pad["image"] = drawn_image(data_url)
    _buttons(key, pad, pen)
    return pad["image"] if pad["objects"] else None


def _sent(key: str, pad: dict, pen: int, size: tuple[int, int]) -> tuple[object, object]:
    """Show the canvas; its JSON and the address of its picture as the browser sent them, whatever they are."""
    try:
        result = package.st_canvas(
            stroke_width=st.session_state.get(f"{key}_width", pen),
            stroke_color=st.session_state.get(f"{key}_colour", INK),
            background_color=_PAPER,
            initial_drawing=pad["start"],
            width=size[0],
            height=size[1],
            return_image_data=True,
            key=key,
        )
    except (AttributeError, KeyError, TypeError):  # the package takes what it is sent for a drawing
        return None, None
    return result.json_data, result._image_data_url


def _follows(raw: object, edit: int) -> bool:
    """Whether a canvas's JSON is of the sheet after this edit, as far as it says."""
    return not isinstance(raw, dict) or raw.get("edit", edit) == edit


def show_drawing(key: str, objects: list[dict]) -> None:
    """Replace a pad's drawing by other Fabric.js objects, as if the visitor had drawn them."""
    pad = _state(key)
    pad["undone"] = []
    _replace(pad, objects)


def objects_on(key: str) -> list[dict]:
    """What is on a pad, as Fabric.js objects in the order they were drawn."""
    return _state(key)["objects"]


def stroke_objects(strokes: list[np.ndarray], pen: int = PEN_WIDTH) -> list[dict]:
    """Strokes, float (n, 2) in pixels of the pad, as the Fabric.js paths the canvas draws itself."""
    objects = []
    for stroke in strokes:
        points = np.round(stroke.astype(float), 1).tolist()
        low = stroke.min(axis=0) - pen / 2
        objects.append(
            {
                "type": "Path",
                "originX": "left",
                "originY": "top",
                "left": float(low[0]),
                "top": float(low[1]),
                "path": [["M", *points[0]], *(["L", *point] for point in points[1:])],
                "fill": None,
                "stroke": INK,
                "strokeWidth": pen,
                "strokeLineCap": "round",
                "strokeLineJoin": "round",
            }
        )
    return objects


def _state(key: str) -> dict:
    fresh = {
        "start": {"objects": [], "edit": 0},
        "objects": [],
        "undone": [],
        "image": None,
        "received": None,
        "edits": 0,
    }
    return st.session_state.setdefault(f"{key}_state", fresh)


def _replace(pad: dict, objects: list[dict]) -> None:
    pad["objects"] = objects
    pad["edits"] += 1
    # The canvas loads a start drawing that differs from the last one, and sends it back.
    pad["start"] = {"objects": objects, "edit": pad["edits"]}


def _buttons(key: str, pad: dict, pen: int) -> None:
    # A second click may come before the first has switched the button off.
    def undo():
        if pad["objects"]:
            pad["undone"].append(pad["objects"][-1])
            _replace(pad, pad["objects"][:-1])

    def redo():
        if pad["undone"]:
            _replace(pad, [*pad["objects"], pad["undone"].pop()])

    def clear():
        show_drawing(key, [])

    with st.container(horizontal=True, gap="small", width=SIDE):
        drawn, undone = bool(pad["objects"]), bool(pad["undone"])
        st.button(":material/undo:", key=f"{key}_undo", on_click=undo, disabled=not drawn, help="Undo")
        st.button(":material/redo:", key=f"{key}_redo", on_click=redo, disabled=not undone, help="Redo")
        st.button("Clear", icon=":material/delete:", key=f"{key}_clear", on_click=clear, disabled=not drawn)
        with st.popover("Pen", icon=":material/edit:"):
            st.slider("Width", 1, 48, pen, key=f"{key}_width", persist_state="session")
            st.color_picker("Colour", INK, key=f"{key}_colour", persist_state="session")
