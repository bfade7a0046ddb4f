"""Watching a run: how far it is, what it knows by now, and what it makes of one's own drawing."""

import secrets
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core.imaging import ImageError
from hcr_core.model_store import LITERT, ModelError, check_own_name, open_folder, user_store
from hcr_core.preprocessing import image_to_glyph
from hcr_core.recognition import Recognizer
from hcr_core.training.architectures import ARCHITECTURES, Dropout
from hcr_core.training.config import TrainingError
from hcr_core.training.job import CHECKPOINT, ENDED, MODEL, Run
from hcr_core.training.progress import Progress, Reading
from ui import live
from ui import training_data as lookup
from ui.canvas import drawing_pad
from ui.data import recognizer_of
from ui.export import chart, save_numbers
from ui.figures import class_matrix
from ui.fragments import fragment
from ui.live import views
from ui.reading import plain
from ui.recognize_this import open_recognize
from ui.teach.brought import in_a_sentence

PAD = "train_pad"
#: Streamlit's signs of a rerun, the runner in the corner and fading, would come and go twice a second.
_CALM = """<style>
[data-testid="stStatusWidget"] { display: none; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
</style>"""
#: States in which no network is there to be asked: it is not learning, and no model was made of it.
_MUTE = ("stopped", "interrupted", "failed")
#: Seconds between two looks at a run that goes on.
_EVERY = 0.5


def show(run: Run, state: str) -> None:
    """Everything there is to see of a run, looked at twice a second while it goes on.

    Args:
        run: What to show.
        state: Its state, for which its ``controls`` were shown.
    """
    every = None if state in ENDED else _EVERY
    st.html(_CALM)
    fragment(_head, run_every=every)(run, state)
    # Always there, whatever is in it: were it not, the pad below would begin anew with every state.
    with st.container(key="train_notes"):
        if error := st.session_state.pop("train_ask_error", None):
            st.error(plain(error), icon=":material/error:")
        if _can_be_a_model(run, state):
            st.caption("Making a model ends the training for good: this run cannot be resumed after that.")
        if state == "finished":
            _take_away(run)
    if state in _MUTE and not _begun(run):
        _about(run)
        return
    if state in _MUTE:
        fragment(_learning)(run, state)
    else:
        drawing, learning = st.columns([5, 7], gap="large")
        with drawing:
            st.markdown(f"**{'See how it reads' if state == 'finished' else 'Watch it learn'} your letter**")
            _pad(run, state)
        with learning:
            fragment(_learning, run_every=every)(run, state)
    fragment(_unseen, run_every=every)(run)
    fragment(_by_class, run_every=every)(run)
    if every is None:
        _afterwards(run)
    _about(run)


def _begun(run: Run) -> bool:
    """Whether there is anything to see of it: not of a run that was stopped while it waited or got ready."""
    with lookup.watch(run).latest() as progress:
        return bool(progress.start)


def _said(run: Run) -> dict:
    """What a run says of itself; the run that it waits for is called by its name, as everywhere else."""
    said = run.said()
    if "behind" in said:
        with suppress(OSError, TrainingError):  # deleted meanwhile
            return said | {"behind": Run(run.folder.parent / said["behind"]).config.name}
    return said


def _head(run: Run, state_of_page: str) -> None:
    state, said = run.state(), _said(run)
    if state != state_of_page:
        # Other buttons, or the end: the whole page changes.
        st.rerun()
    with lookup.watch(run).latest() as progress:
        data = views.header(state, said, progress, run.config)
    live.header(data, key="train_header")


def controls(run: Run, state: str, open_run: Callable[[str], None]) -> None:
    """What can be done with a run in a state; ``open_run`` is called with the id of another to be seen instead."""
    if state == "training":
        st.button("Pause", icon=":material/pause:", key="train_pause", on_click=_ask, args=(run, "pause"))
    if state == "paused":
        st.button("Go on", icon=":material/play_arrow:", type="primary", on_click=_ask, args=(run, "run"))
    if state not in (*ENDED, "finishing"):
        st.button("Stop", icon=":material/stop:", key="train_stop", on_click=_ask, args=(run, "stop"))
    if state == "waiting" and st.button("Watch that one", icon=":material/visibility:", key="train_behind"):
        open_run(run.said().get("behind", ""))
    if state in _MUTE:
        _button("Resume", ":material/play_arrow:", run.resume, primary=True)
    if _can_be_a_model(run, state):
        _button("Make a model of its best state", ":material/check:", run.finish)


def _can_be_a_model(run: Run, state: str) -> bool:
    """Whether it is at rest and has learned something."""
    return state in _MUTE and (run.folder / CHECKPOINT).exists()


def _ask(run: Run, wish: str) -> None:
    try:
        run.ask(wish)
    except TrainingError as error:
        st.session_state["train_ask_error"] = str(error)


def _button(label: str, icon: str, action, *, primary: bool = False) -> None:
    if st.button(label, icon=icon, type="primary" if primary else "secondary"):
        action()
        st.rerun()


@fragment
def _pad(run: Run, state: str) -> None:
    """The drawing pad; what is on it is shown to the network at every look, and to a finished one at once."""
    glyph = _glyph(drawing_pad(PAD))
    mine = st.session_state.setdefault("train_drawing", {"key": "", "run": None, "glyph": None})
    before = mine["glyph"]
    changed = glyph is not before and not (glyph is not None and before is not None and np.array_equal(glyph, before))
    if not changed and mine["run"] == run.id:
        return
    if mine["key"]:
        Run(run.folder.parent / mine["run"]).show(mine["key"], None)
    # A new key for every drawing: the answers to the last one are no answers to this.
    mine.update(key=f"visitor-{secrets.token_hex(6)}" if glyph is not None else "", run=run.id, glyph=glyph)
    if state in ENDED:
        # Nobody looks twice a second any more: the answer stands elsewhere on the page.
        if changed:
            st.rerun()
    elif glyph is not None:
        run.show(mine["key"], glyph)


def _glyph(image: np.ndarray | None) -> np.ndarray | None:
    try:
        return None if image is None else image_to_glyph(image)
    except ImageError:
        return None


def _learning(run: Run, state: str) -> None:
    """What changes most while it learns: the drawing and the curves."""
    with lookup.watch(run).latest() as progress:
        passes = views.axis(progress, views.planned(progress, run.config))
        mine, curves = _my_drawing(run, state, progress, passes), views.curves(progress, passes)
    if state not in _MUTE or mine["best"]:
        live.drawing(mine, key="train_drawing_view")
    else:
        st.caption(mine["sentence"])
    live.curves(curves, key="train_curves")


def _unseen(run: Run) -> None:
    """Sixteen images that it is not trained on."""
    with lookup.watch(run).latest() as progress:
        gallery = views.gallery(progress)
    st.markdown("**Characters it was never trained on**, and what it takes them for")
    live.gallery(gallery, key="train_gallery")


def _by_class(run: Run) -> None:
    """Which characters it knows by now, and which it mixes up."""
    with lookup.watch(run).latest() as progress:
        data = views.classes(progress)
    st.markdown("**Every character fills up as it is learned**, and what is taken for what")
    live.classes(data, key="train_classes_view")


def _my_drawing(run: Run, state: str, progress: Progress, passes: int) -> dict:
    """What the network of the moment takes the visitor's drawing for."""
    mine = st.session_state.get("train_drawing", {})
    names, glyph = progress.classes, mine.get("glyph")
    readings = progress.drawings.get(mine.get("key", ""), [])
    if glyph is not None and state == "finished":
        probabilities = finished_model(run).classify(glyph[None])[0]
        readings = [*readings, Reading(float(passes), probabilities)]
    words = _about_drawing(state, glyph is not None, len(readings))
    return views.drawing(readings, names, passes, words, room=glyph is not None and state not in ENDED)


def _about_drawing(state: str, drawn: bool, looks: int) -> str:
    """What a visitor can expect of the sheet now."""
    if state in _MUTE:
        if looks:
            return "So it read your drawing at its last look. It is not learning now, and looks at nothing."
        return (
            "It is not learning now, so it cannot be asked about a drawing of yours: a network that learns can, and "
            "so can a finished model."
        )
    if state == "finished":
        return "The finished network reads it so." if drawn else "Draw one of its characters on the sheet to try it."
    if not drawn:
        return "Draw one of its characters on the sheet, and see what the network takes it for while it learns."
    if not looks:
        when = (
            "in some seconds, at its next look at unseen images" if state == "training" else "as soon as it is learning"
        )
        return f"It looks at your drawing {when}."
    return f"It has looked at your drawing {'once' if looks == 1 else f'{looks} times'}."


def finished_model(run: Run) -> Recognizer:
    """The model of a finished run; raises ``ModelError``."""
    return recognizer_of(open_folder(run.folder / MODEL))


def _about(run: Run) -> None:
    """What is being trained, for those who come later."""
    config, recipe = run.config, run.config.recipe
    architecture = ARCHITECTURES.get(config.architecture)
    with lookup.watch(run).latest() as progress:
        samples, others = progress.start.get("samples", 0), progress.start.get("validation", 0)
    divided = f"{samples:,} images to learn from, {others:,} to check it" if samples and others else ""
    varied = {"none": "not varied", "light": "varied a little", "full": "varied a lot"}[recipe.augment]
    lines = [
        f"**{config.name}** learns from **{' and '.join(config.data)}**"
        + (f", {plain(config.classes)}" if config.classes else "")
        + (f", at most {config.limit:,} images{' of each' * (len(config.data) > 1)}" if config.limit else "")
        + (divided and f"{':' if config.limit else ','} {divided}"),
        f"Network **{config.architecture}**" + (f": {architecture.title}" if architecture else ""),
        f"{lookup.Pace(recipe.epochs, recipe.batch)}, {recipe.batch} images a step, {recipe.optimizer}, learning rate "
        f"{recipe.learning_rate:g} ({recipe.schedule}), images {varied}",
    ]
    dropout = architecture and any(isinstance(layer, Dropout) for layer in architecture.layers)
    if dropout or recipe.augment != "none":
        lines.append("Training is made harder on purpose: unseen images can look easier than those it learns from")
    st.caption("  \n".join(lines))


def _take_away(run: Run) -> None:
    """Save the model under a name and use it."""
    if words := in_a_sentence(open_folder(run.folder / MODEL).card):
        st.markdown(words)
    saved = _saved_as(run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="train_save_row"):
        name = st.text_input(
            "Name of the model", saved or run.config.name, max_chars=64, key=f"train_save_{run.id}", width=260
        )
        kept = name == saved
        save = st.button(
            "Saved" if kept else "Save",
            icon=":material/save:",
            type="secondary" if kept else "primary",
            key="train_save",
            disabled=kept,
        )
        use = st.button(
            "Try it on the Recognize page" if kept else "Save it, and try it on the Recognize page",
            icon=":material/draw:",
            type="primary" if kept else "secondary",
            key="train_try",
        )
    if save or (use and not kept):
        try:
            check_own_name(name)
        except ModelError as error:
            # Here, so that the page goes on: without its sheet a drawing would be lost.
            st.error(plain(str(error)), icon=":material/error:")
            return
        run.save(name)
    if use:
        open_recognize(name)
    if save:
        st.rerun()
    if saved:
        st.caption(f"Saved as **{saved}**: the Recognize page offers it, and the Models page shows its card.")
    else:
        st.caption("**Not saved yet**: only this run has the model, and no other page offers it.")
    if not kept and (user_store() / name).exists():
        st.caption(f"There is a model {plain(name)} of yours: saving replaces it.")


def _saved_as(run: Run) -> str | None:
    """The name under which a run's model lies in the user's store, or ``None``."""
    network = open_folder(run.folder / MODEL).card["files"][LITERT]
    try:
        folders = sorted(path for path in user_store().iterdir() if not path.name.startswith("."))
    except OSError:
        return None
    for folder in folders:
        try:
            if open_folder(folder).card["files"].get(LITERT) == network:
                return folder.name
        except ModelError:
            continue
    return None


def _afterwards(run: Run) -> None:
    """Numbers and charts to take away."""
    with lookup.watch(run).latest() as progress:
        history, names, matrix, whole = progress.history, progress.classes, progress.confusion, progress.whole
        errors = views.confusions(progress)
    if not history:
        return
    with st.expander("Charts and numbers to take away", icon=":material/download:"):
        save_numbers(pd.DataFrame(history).drop(columns=["event"]), f"passes-{run.id}")
        if not (whole and errors):
            return
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        rows, columns = np.nonzero(matrix)
        table = pd.DataFrame(
            {"label": [names[i] for i in rows], "read_as": [names[i] for i in columns], "images": matrix[rows, columns]}
        )
        chart(
            class_matrix(shares, names, "what it is", "read as"),
            table,
            f"confusion-{run.id}",
            alt=f"Share of each character that was read as another, of all validation images. {'. '.join(errors)}",
            columns=len(names),
        )
