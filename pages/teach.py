"""Teach it your hand: write a sheet, look at what was collected, adapt a model to it."""

import streamlit as st

from hcr_core.alphabet import AlphabetError
from hcr_core.corrections import collecting
from hcr_core.datasets import DatasetError
from hcr_core.model_store import ModelError
from hcr_core.training.config import TrainingError
from ui.entry import ensure_app
from ui.reading import plain
from ui.teach.adapting import show_adapting
from ui.teach.samples import show_samples
from ui.teach.sheet import show_sheet
from ui.teach.visitor import NOTICE, OFF, ask_name

VIEWS = {"Write": show_sheet, "Samples": show_samples, "Adapt": show_adapting}


def page() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Teach it your hand", anchor=False, width="content")
        if not collecting():
            view = None
        else:
            view = st.segmented_control(
                "Step",
                list(VIEWS),
                default="Write",
                required=True,
                key="step",
                bind="query-params",
                label_visibility="collapsed",
            )
    if view is None:
        st.info(OFF, icon=":material/visibility_off:")
        return
    st.caption(NOTICE)
    ask_name()
    VIEWS[view]()


ensure_app()
try:
    page()
except (DatasetError, ModelError, AlphabetError, TrainingError) as problem:
    st.error(plain(str(problem)), icon=":material/error:")
