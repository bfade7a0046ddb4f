"""A model's card: what it is, what it learned from, and how it did while it was made."""

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core.model_card import parameters
from hcr_core.model_export import packed, packed_name
from hcr_core.model_store import StoredModel, delete_model
from hcr_core.public import is_public
from ui.figures import learning_curve, run_curves
from ui.reading import plain
from ui.shares import PERCENT_FORMAT, in_percent

_FIGURES = {
    "accuracy": ("Right", "Share of characters whose first answer is right"),
    "top2": ("Among first two", "The right answer is the first or the second"),
    "folded": ("Case aside", "Right when capitals and small letters count as the same"),
    "shape": ("Shape", "Right up to look-alikes that no isolated shape can tell apart, such as O, o and 0"),
}

_FORMS = {"litert": "LiteRT", "keras": "Keras", "saved-model": "SavedModel", "onnx": "ONNX"}


def show_card(model: StoredModel) -> None:
    """Everything the card says."""
    card = model.card
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(model.name, anchor=False, width="content")
        _take_away(model)
        if not model.shipped and not is_public():
            _delete(model)
    architecture, training = card.get("architecture", {}), card.get("training", {})
    st.markdown(
        f"{len(model.alphabet)} classes · {parameters(card) or 0:,} parameters · "
        f"{plain(str(architecture.get('title', 'unknown architecture')))}"
        f" · {'says what is probably no character' if 'refusal' in card else 'takes everything for a character'}"
    )
    figures, curve = st.columns([7, 5], gap="large")
    with figures:
        _held_out(card)
    with curve:
        _learning(card)
    st.subheader("Learned from", anchor=False)
    for entry in card.get("data", []):
        name, title, licence = (plain(str(entry.get(key, "?"))) for key in ("name", "title", "licence"))
        st.markdown(f"**{name}**: {title}. :gray[{licence}]")
    st.caption(plain(_how_long(card, training)))
    with st.expander("The whole card"):
        st.json(card, expanded=1)


def _take_away(model: StoredModel) -> None:
    with st.popover("Take away", icon=":material/download:"):
        form = st.segmented_control(
            "For other programs, as", list(_FORMS), default="litert", required=True, format_func=_FORMS.get
        )
        st.download_button(
            "Download",
            lambda: packed(model, form),
            packed_name(model.name, form),
            icon=":material/download:",
            on_click="ignore",
            key=f"card_export_{model.name}_{form}",
        )
        if form in ("saved-model", "onnx"):
            st.caption("It is converted first: that takes some seconds.")


def _delete(model: StoredModel) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"**{plain(model.name)}** is gone for good then, for everyone who uses this machine.")
        if st.button("Delete for good", type="primary", icon=":material/delete:", key=f"card_delete_{model.name}"):
            delete_model(model.name)
            st.rerun()


def _learning(card: dict) -> None:
    """A curve by epochs, or by steps of models that were trained by their own command."""
    history, learning = card.get("history", []), card.get("learning", [])
    if not history and not learning:
        return
    st.subheader("While it learned", anchor=False)
    if history:
        figure, alt = learning_curve(history), "Training and validation accuracy after each epoch."
    else:
        steps, losses = (np.array([point[key] for point in learning]) for key in ("step", "loss"))
        figure, alt = run_curves({"training loss": (steps, losses)}, "step", share=False), "Training loss by steps."
    st.plotly_chart(figure, config={"displayModeBar": False}, alt=alt)


def _how_long(card: dict, training: dict) -> str:
    chosen_by = training.get("chosen_by", "nothing known")
    if isinstance(training.get("steps"), int):
        return (
            f"Trained for {training['steps']:,} steps of {training.get('batch', '?')} samples; chosen by {chosen_by}."
        )
    if training.get("best_epoch") == 0:
        return "Trained for less than an epoch, so that there was none to choose."
    epochs = len(card.get("history", [])) or training.get("epochs", "?")  # fewer than planned where it was stopped
    return f"Trained for {epochs} epochs; epoch {training.get('best_epoch', '?')} was chosen by {chosen_by}."


def _held_out(card: dict) -> None:
    st.subheader("On handwriting it was not trained on", anchor=False)
    st.dataframe(
        in_percent(pd.DataFrame.from_dict(card.get("held_out", {}), orient="index"), list(_FIGURES)),
        column_config={
            "_index": "data set",
            "images": st.column_config.NumberColumn("Images", format="localized"),
            **{
                name: st.column_config.NumberColumn(label, help=help_, format=PERCENT_FORMAT)
                for name, (label, help_) in _FIGURES.items()
            },
        },
    )
