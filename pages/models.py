"""Which models there are, how each was made and how good it is."""

import pandas as pd
import streamlit as st

from hcr_core.model_store import ModelError, StoredModel, model_names, open_model
from ui.entry import ensure_app
from ui.figures import learning_curve

FIGURES = {
    "accuracy": ("Right", "Share of characters whose first answer is right, of 62 classes"),
    "top2": ("Among first two", "The right answer is the first or the second"),
    "folded": ("Case aside", "Right when capitals and small letters count as the same"),
    "shape": ("Shape", "Right up to look-alikes that no isolated shape can tell apart, such as O, o and 0"),
}


def show(model: StoredModel) -> None:
    card = model.card
    st.header(model.name, anchor=False)
    architecture, training = card.get("architecture", {}), card.get("training", {})
    st.markdown(
        f"{len(model.alphabet)} classes · {architecture.get('parameters', 0):,} parameters · "
        f"{architecture.get('title', 'unknown architecture')}"
    )
    figures, curve = st.columns([7, 5], gap="large")
    with figures:
        st.subheader("On handwriting it was not trained on", anchor=False)
        held_out = pd.DataFrame.from_dict(card.get("held_out", {}), orient="index")
        st.dataframe(
            held_out,
            column_config={
                "_index": "data set",
                "images": st.column_config.NumberColumn("Images", format="localized"),
                **{
                    name: st.column_config.NumberColumn(label, help=help_, format="percent")
                    for name, (label, help_) in FIGURES.items()
                },
            },
        )
    with curve:
        st.subheader("While it learned", anchor=False)
        st.plotly_chart(
            learning_curve(card.get("history", [])),
            config={"displayModeBar": False},
            alt="Training and validation accuracy after each epoch.",
        )
    st.subheader("Learned from", anchor=False)
    for entry in card.get("data", []):
        st.markdown(f"**{entry['name']}**: {entry['title']}. :gray[{entry['licence']}]")
    st.caption(
        f"Trained for {training.get('epochs', '?')} epochs; epoch {training.get('best_epoch', '?')} was chosen by "
        f"{training.get('chosen_by', 'nothing known')}."
    )
    with st.expander("The whole card"):
        st.json(card, expanded=1)


ensure_app()
st.title("Models", anchor=False)
for name in model_names():
    try:
        show(open_model(name))
    except ModelError as error:
        st.error(str(error), icon=":material/error:")
