"""Train a network and watch it learn: choose, watch, save, compare."""

import streamlit as st

from hcr_core.alphabet import AlphabetError
from hcr_core.datasets import DatasetError
from hcr_core.journal import timed
from hcr_core.model_store import ModelError
from hcr_core.public import is_public
from hcr_core.training import job
from hcr_core.training.config import TrainingError
from hcr_core.training.job import Run
from ui import training_choices, training_runs, training_watch
from ui.entry import ensure_app
from ui.reading import plain

#: The run that is shown, in the page's address, so that a colleague can open the same view.
ADDRESS = "run"
#: In the address where the visitor wants to choose, though a run is at work.
NEW = "new"


def wanted() -> Run | None:
    """The run to show: the address's, the one this visitor saw last, or one that is at work; ``None`` to choose."""
    runs = {run.id: run for run in job.runs()}
    asked = st.query_params.get(ADDRESS) or st.session_state.get("train_run")
    if asked in runs:
        return runs[asked]
    if asked not in (None, NEW):
        st.session_state.pop("train_run", None)
        st.query_params.pop(ADDRESS, None)  # said once, and not again with every choice below
        st.info(f"There is no run {plain(asked)} any more.", icon=":material/info:")
    if asked == NEW:
        return None
    return next((run for run in runs.values() if run.alive()), None)


def go(run: str) -> None:
    """Show a run, or ``NEW``, and remember it."""
    st.session_state["train_run"] = st.query_params[ADDRESS] = run


def open_run(run: str) -> None:
    go(run)
    st.rerun()


def page() -> None:
    run = wanted()
    if run is None:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.title("Train a network, and watch it learn", anchor=False, width="content")
            for other in [run for run in job.runs() if run.alive()][:1]:
                name = other.config.name
                st.button(
                    f"Watch {name}", icon=":material/visibility:", key="train_watch", on_click=go, args=(other.id,)
                )
        started = training_choices.choose()
        if started is not None:
            with timed("training", name=started.name):
                run = job.start(started)
            open_run(run.id)
        training_runs.listed(open_run)
        return
    go(run.id)
    state = run.state()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(run.config.name, anchor=False, width="content")
        # Beside the title: a row of their own would push the curves out of a small projector's picture.
        with st.container(horizontal=True, width="content", gap="small"):
            training_watch.controls(run, state, open_run)
            st.button("Train another", icon=":material/add:", key="train_another", on_click=go, args=(NEW,))
    training_watch.show(run, state)


def off() -> None:
    """What a visitor of a public demonstration is told."""
    st.title("Train a network, and watch it learn", anchor=False)
    st.info(
        "Training is off here, because this is a public demonstration. In a copy of your own you choose data and a "
        "network, and watch it learn your letter.",
        icon=":material/school:",
    )


ensure_app()
try:
    if is_public():
        off()
    else:
        page()
except (TrainingError, ModelError, DatasetError, AlphabetError) as problem:
    st.error(plain(str(problem)), icon=":material/error:")
