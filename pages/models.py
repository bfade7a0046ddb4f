"""Which models there are, and what is known of each."""

import streamlit as st

from hcr_core.model_store import ModelError, model_names, open_model

st.title("Models", anchor=False)
for name in model_names():
    try:
        model = open_model(name)
    except ModelError as error:
        st.error(str(error), icon=":material/error:")
        continue
    card = model.card
    st.header(name, anchor=False)
    st.write(card.get("description", ""))
    st.json(card, expanded=1)
