"""A chart with everything to take it away: PNG from its toolbar, HTML and CSV from a menu."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st


def chart(figure: go.Figure, numbers: pd.DataFrame, name: str, *, alt: str) -> None:
    """Show a figure and offer it as PNG (its own toolbar), HTML, and its numbers as CSV.

    Args:
        figure: What to show.
        numbers: The numbers behind it.
        name: Of the files; also the widgets' key.
        alt: What the figure shows, for screen readers.
    """
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": name, "scale": 2},
    }
    st.plotly_chart(figure, key=f"{name}_chart", config=config, alt=alt)
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        save_numbers(numbers, name)
        st.download_button(
            "Chart as HTML",
            lambda: figure.to_html(include_plotlyjs=True).encode(),
            f"{name}.html",
            "text/html",
            key=f"{name}_html",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def save_numbers(numbers: pd.DataFrame, name: str) -> None:
    """A button that downloads a table as CSV."""
    st.download_button(
        "Numbers as CSV",
        lambda: numbers.to_csv(index=False).encode(),
        f"{name}.csv",
        "text/csv",
        key=f"{name}_csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
