"""A model's card: what it is, what it learned from, and how it did while it was made."""

import pandas as pd
import streamlit as st

from hcr_core.model_card import parameters
from hcr_core.model_store import StoredModel
from ui.figures import learning_curve
from ui.reading import plain

_FIGURES = {
    "accuracy": ("Right", "Share of characters whose first answer is right"),
    "top2": ("Among first two", "The right answer is the first or the second"),
    "folded": ("Case aside", "Right when capitals and small letters count as the same"),
    "shape": ("Shape", "Right up to look-alikes that no isolated shape can tell apart, such as O, o and 0"),
}


def show_card(model: StoredModel) -> None:
    """Everything the card says."""
    card = model.card
    st.header(model.name, anchor=False)
    architecture, training = card.get("architecture", {}), card.get("training", {})
    st.markdown(
        f"{len(model.alphabet)} classes · {parameters(card) or 0:,} parameters · "
        f"{plain(str(architecture.get('title', 'unknown architecture')))}"
    )
    figures, curve = st.columns([7, 5], gap="large")
    with figures:
        _held_out(card)
    with curve:
        st.subheader("While it learned", anchor=False)
        st.plotly_chart(
            learning_curve(card.get("history", [])),
            config={"displayModeBar": False},
            alt="Training and validation accuracy after each epoch.",
        )
    st.subheader("Learned from", anchor=False)
    for entry in card.get("data", []):
        name, title, licence = (plain(str(entry.get(key, "?"))) for key in ("name", "title", "licence"))
        st.markdown(f"**{name}**: {title}. :gray[{licence}]")
    epochs = len(card.get("history", [])) or training.get("epochs", "?")  # fewer than planned where it was stopped
    st.caption(
        f"Trained for {epochs} epochs; epoch {plain(str(training.get('best_epoch', '?')))} was chosen by "
        f"{plain(str(training.get('chosen_by', 'nothing known')))}."
    )
    with st.expander("The whole card"):
        st.json(card, expanded=1)


def _held_out(card: dict) -> None:
    st.subheader("On handwriting it was not trained on", anchor=False)
    st.dataframe(
        pd.DataFrame.from_dict(card.get("held_out", {}), orient="index"),
        column_config={
            "_index": "data set",
            "images": st.column_config.NumberColumn("Images", format="localized"),
            **{
                name: st.column_config.NumberColumn(label, help=help_, format="percent")
                for name, (label, help_) in _FIGURES.items()
            },
        },
    )
