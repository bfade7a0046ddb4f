"""Bringing one's own data set in from the browser, and out again: files, a look at the first rows, a name."""

import re
import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from hcr_core.atomic import free_name
from hcr_core.datasets import ENTRIES, DatasetError, available, import_dataset, preview, remove
from hcr_core.datasets.imported import imported_on
from hcr_core.journal import timed
from hcr_core.public import is_public
from ui.data import dataset, forget
from ui.image_views import image_grid
from ui.reading import plain

#: Megabytes of an upload, which the server holds in memory; larger files import on the command line.
MOST = 200
_KEY = "import"


def import_view() -> None:
    """Everything from choosing files to the imported set."""
    st.caption(
        "A CSV of square images with a label column (first, last or named), a ZIP with a folder per class or a "
        f"labels.csv, an npz, or the two idx files. Up to {MOST} MB here; larger ones with "
        "`python -m hcr_core data import FILE --name NAME`."
    )
    files = st.file_uploader(
        "Your data",
        type=["csv", "zip", "npz", "gz", "idx", "ubyte"],
        accept_multiple_files=True,
        max_upload_size=MOST,
        key=f"{_KEY}_files",
    )
    if not files:
        return
    names = ", ".join(file.name for file in files)
    if len(files) > 1 and not any("images-idx3" in file.name for file in files):
        st.error(
            plain(f"{names}: only the files of an idx set belong together. Take away all but one."),
            icon=":material/error:",
        )
        return
    try:
        path = _on_disk(files)
    except OSError as error:
        st.error(f"The files cannot be kept for a look at them: {error.strerror or error}.", icon=":material/error:")
        return
    column = None
    if path.suffix.lower() == ".csv":
        place = st.segmented_control(
            "Label column", ["found by itself", "first", "last", "named"], default="found by itself", required=True
        )
        if place == "named":
            column = st.text_input("Its name") or None
        elif place != "found by itself":
            column = place
    try:
        _first_rows(path, column)
        _form(path, column, names)
    except DatasetError as error:
        st.error(plain(_as_visitors_know(error, path)), icon=":material/error:")


def show_imported(name: str) -> None:
    """What is known of an imported set, and removing it."""
    data = dataset(name)
    when, (height, width) = imported_on(name), data.images.shape[1:]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # Of a path on this machine, the file's name is a visitor's business.
        words = f"Imported{f' on {plain(when)}' * bool(when)} from {plain(Path(data.source).name)}"
        st.caption(f"{words}: {len(data):,} images of {width} × {height} pixels.", width="content")
        if is_public():
            return
        with st.popover("Remove this data set", icon=":material/delete:", type="tertiary"):
            st.markdown(
                f"**{plain(name)}** is gone for good then, for everyone who uses this machine. Models that learned "
                "from it stay as they are."
            )
            if st.button("Remove for good", type="primary", icon=":material/delete:", key=f"{_KEY}_remove"):
                remove(name)
                forget()
                st.rerun()


def _as_visitors_know(error: DatasetError, path: Path) -> str:
    """What is wrong, with the files' own names instead of where they lie here; several lie in a folder of their own."""
    folder = path if path.is_dir() else path.parent
    return str(error).replace(f"{folder}/", "").replace(str(folder), "these files")


def _on_disk(files: list) -> Path:
    """The uploaded file, or the folder of several, in a temporary folder that goes with the session."""
    identity = tuple(file.file_id for file in files)
    kept = st.session_state.get(f"{_KEY}_folder")
    if kept is None or kept[0] != identity:
        folder = tempfile.TemporaryDirectory(prefix="hcr-import-")
        kept = st.session_state[f"{_KEY}_folder"] = (identity, folder)
        suggestion = free_name(Path(files[0].name).stem, {*ENTRIES, *available()}, "my-letters")
        st.session_state[f"{_KEY}_name"] = suggestion
        for file in files:
            (Path(folder.name) / _file_name(file.name)).write_bytes(file.getbuffer())
    folder = Path(kept[1].name)
    return folder / _file_name(files[0].name) if len(files) == 1 else folder


def _file_name(name: str) -> str:
    """A file's name as it can be here, whatever it was on the visitor's machine; its ending says what it is."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-100:].lstrip(".") or "file"


def _first_rows(path: Path, column: str | None) -> None:
    labels, images = preview(path, column, 12)
    st.markdown(
        f"**First images**, {images.shape[1]} × {images.shape[2]} pixels, as they will be stored: white on black"
    )
    image_grid(images, labels, f"{_KEY}_head", tile=72)
    pixels = images.reshape(len(images), -1)[:5]
    table = pd.DataFrame(pixels[:, :: max(1, pixels.shape[1] // 24)])
    table.insert(0, "label", labels[: len(table)])
    with st.expander("Their numbers"):
        st.dataframe(table.rename(columns=str), hide_index=True)


def _form(path: Path, column: str | None, source: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", max_chars=64, key=f"{_KEY}_name", width=260)
        start = st.button("Import", type="primary", disabled=not name, key=f"{_KEY}_start")
    if not start:
        return
    bar = st.progress(0.0, "Importing …")
    try:
        with timed("import", name=name):
            imported = import_dataset(
                path, name, column, lambda share: bar.progress(min(1.0, share), "Importing …"), source=source
            )
    finally:
        bar.empty()
    forget()
    st.success(f"{len(imported):,} images of {len(imported.alphabet)} classes are now {name}.")
    for note in imported.notes:
        st.warning(plain(note))
    st.button("Look at them", type="primary", on_click=_open, args=(name,))


def _open(name: str) -> None:
    st.session_state.update(data=name, view="Counts")
