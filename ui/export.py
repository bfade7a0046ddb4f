"""A chart with everything to take it away: PNG from its toolbar, HTML and CSV from a menu."""

from collections.abc import Callable
from contextlib import nullcontext

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

#: Classes side by side whose names a phone has room for; a chart of more scrolls sideways there.
_NARROW = 20


def chart(figure: go.Figure, numbers: pd.DataFrame, name: str, *, alt: str, columns: int = 0) -> None:
    """Show a figure and offer it as PNG (its own toolbar), HTML, and its numbers as CSV.

    Args:
        figure: What to show.
        numbers: The numbers behind it.
        name: Of the files; also the widgets' key.
        alt: What the figure shows, for screen readers.
        columns: How many classes stand side by side in it.
    """
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": name, "scale": 2},
    }
    with st.container(key=f"wide-{name}") if columns > _NARROW else nullcontext():
        st.plotly_chart(figure, key=f"{name}_chart", config=config, alt=alt)
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        save_numbers(numbers, name)
        _save("Chart as HTML", lambda: figure.to_html(include_plotlyjs=True), f"{name}.html", "text/html")


def save_numbers(numbers: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """A button that downloads a table as CSV; a long one can be made when it is asked for."""

    def contents() -> str:
        return (numbers() if callable(numbers) else numbers).to_csv(index=False)

    _save("Numbers as CSV", contents, f"{name}.csv", "text/csv")


def _save(label: str, contents: Callable[[], str], filename: str, mime: str) -> None:
    """A button whose file is made only when it is pressed."""
    st.download_button(
        label,
        lambda: contents().encode(),
        filename,
        mime,
        key=f"save-{filename}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
