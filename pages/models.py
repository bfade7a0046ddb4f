"""Which model is good, and where it fails: figures, mistakes, calibration, robustness, and every model's card."""

import streamlit as st

from hcr_core.datasets import DatasetError
from hcr_core.model_store import ModelError, open_model
from ui.address import say_if_missing
from ui.data import data_sets, readable_models
from ui.entry import ensure_app
from ui.evaluate.calibration import show_calibration
from ui.evaluate.card import show_card
from ui.evaluate.class_report import show_report
from ui.evaluate.confusion import show_confusion
from ui.evaluate.gallery import show_gallery
from ui.evaluate.leaderboard import show_leaderboard
from ui.evaluate.questions import choose_model, choose_question, switch
from ui.evaluate.robustness import show_robustness
from ui.reading import plain

#: Views of models on images.
MEASURED = {
    "Leaderboard": show_leaderboard,
    "Confusion": show_confusion,
    "Report": show_report,
    "Answers": show_gallery,
    "Calibration": show_calibration,
    "Robustness": show_robustness,
}
CARD = "Card"


def page() -> None:
    models, damaged = readable_models()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Models", anchor=False, width="content")
        view = switch("Look at", [*MEASURED, CARD], "show", label_visibility="collapsed") if models else None
    if models:
        if view == CARD:
            show_card(open_model(choose_model(models)))
        else:
            say_if_missing(data_sets(), "data", "data set")
            with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
                question = choose_question(models)
            MEASURED[view](models, question)
    for sentence in damaged:
        st.error(plain(sentence), icon=":material/error:")


ensure_app()
try:
    page()
except (DatasetError, ModelError) as problem:
    st.error(plain(str(problem)), icon=":material/error:")
