"""Plotly figures as plain functions: arrays in, a figure out."""

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from hcr_core.alphabet import spoken

#: Names of classes on an axis: of a size that is read from the back of a room, and l, I and 1 differ.
_NAMES = {"size": 14, "family": "Source Code Pro, monospace"}
#: Numbers on an axis, and legends.
_NUMBERS = {"size": 14}
#: Lowest probability a logarithmic axis shows.
LOG_FLOOR = 1e-6
#: Kinds of characters with colours that stand out on the light and on the dark theme alike.
_KINDS = (("digits", "#d9793f"), ("capitals", "#5b74e8"), ("small letters", "#3ba182"), ("others", "#8d8f98"))


def _kind(label: str) -> int:
    return 0 if label.isdecimal() else 1 if label.isupper() else 2 if label.islower() else 3


def as_text(label: str) -> str:
    """A label as Plotly shows it, which takes ``<b>`` and ``<a href>`` for markup."""
    return html.escape(label, quote=False)


def probability_bars(candidates: Sequence[tuple[str, float]], *, log: bool, by_probability: bool) -> go.Figure:
    """A bar for the probability of every class.

    Args:
        candidates: Labels with probabilities 0-1, best first.
        log: A logarithmic axis from a millionth, to see small probabilities.
        by_probability: Best first; otherwise in the order 0-9, A-Z, a-z.
    """
    shown = list(candidates) if by_probability else sorted(candidates, key=lambda c: (_kind(c[0]), c[0]))
    figure = go.Figure()
    for kind, (name, colour) in enumerate(_KINDS):
        members = [(label, p) for label, p in shown if _kind(label) == kind]
        if members:
            figure.add_bar(
                x=[as_text(label) for label, _ in members],
                y=[max(p, LOG_FLOOR) if log else p for _, p in members],
                customdata=[[as_text(spoken(label)), p] for label, p in members],
                hovertemplate="%{customdata[0]}: %{customdata[1]:.3%}<extra></extra>",
                name=name,
                marker_color=colour,
            )
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=[as_text(label) for label, _ in shown],
        dtick=1,
        tickangle=0,
        fixedrange=True,
        tickfont={"size": 11, "family": "Source Code Pro, monospace"},  # in which l, I and 1 differ
    )
    figure.update_yaxes(
        type="log" if log else "linear",
        range=[-6, 0.05] if log else [0, 1.02],
        tickformat="~%",
        fixedrange=True,
    )
    if log:
        figure.update_yaxes(tickvals=[1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6])
        figure.update_yaxes(ticktext=["100%", "10%", "1%", "0.1%", "0.01%", "0.001%", "≤ 0.0001%"])
    figure.update_layout(
        height=280,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        bargap=0.15,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x",
    )
    return figure


def learning_curve(history: Sequence[dict]) -> go.Figure:
    """Training and validation accuracy after each epoch, from a card's ``history``."""
    epochs = [epoch.get("epoch") for epoch in history]
    figure = go.Figure()
    for key, name, colour in (("accuracy", "training", _KINDS[0][1]), ("val_accuracy", "validation", _KINDS[1][1])):
        figure.add_scatter(
            x=epochs,
            y=[epoch.get(key) for epoch in history],
            name=name,
            mode="lines+markers",
            line_color=colour,
            hovertemplate="epoch %{x}: %{y:.1%}",
        )
    figure.update_xaxes(title="epoch", dtick=max(1, len(epochs) // 6), fixedrange=True)
    figure.update_yaxes(title="accuracy", tickformat=".0%", fixedrange=True)
    figure.update_layout(
        height=260, margin={"l": 8, "r": 8, "t": 8, "b": 8}, legend={"y": 0.05, "x": 0.98, "xanchor": "right"}
    )
    return figure


def run_curves(curves: dict[str, tuple[np.ndarray, np.ndarray]], unit: str, *, share: bool) -> go.Figure:
    """Training runs over each other: x and y (n,) by the run's name.

    Args:
        curves: As many as a person can tell apart.
        unit: What x counts.
        share: The values are shares 0-1; otherwise losses, on a logarithmic axis.
    """
    colours = [*_SERIES, *class_colours(len(curves))]
    figure = go.Figure()
    for (name, (x, y)), colour in zip(curves.items(), colours, strict=False):
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            mode="lines+markers",
            line_color=colour,
            hovertemplate="%{x:.3~g}: %{y:.2%}" if share else "%{x:.3~g}: %{y:.3f}",
        )
    figure.update_xaxes(title=unit, rangemode="tozero", tickfont=_NUMBERS, fixedrange=True)
    if unit == "passes":  # there are no half ones
        figure.update_xaxes(tick0=0, dtick=max(1, round(max(x.max() for x, _ in curves.values()) / 8)))
    figure.update_yaxes(
        type="linear" if share else "log",
        tickformat=".0%" if share else "~g",
        nticks=7,
        tickfont=_NUMBERS,
        fixedrange=True,
    )
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": -0.22, "yanchor": "top", "font": _NUMBERS},
        showlegend=True,
    )
    return figure


#: Colours of data sets, or parts of one, beside each other.
_SERIES = ("#5b74e8", "#d9793f", "#3ba182", "#b45cc0")
#: The same for every data set, whether it has a validation split or not.
_SPLITS = dict(zip(("train", "test", "validation"), _SERIES, strict=False))


def class_colours(classes: int) -> list[str]:
    """As many colours as there are classes, all legible on a light and on a dark page."""
    return [f"hsl({round(137.5 * i) % 360}, 62%, {48 + 14 * (i % 2)}%)" for i in range(classes)]


def count_bars(series: dict[str, dict[str, float]], order: Sequence[str], *, log: bool, share: bool) -> go.Figure:
    """Horizontal bars of how many images each class has.

    Args:
        series: Counts by label, or shares 0-1, by what they are of; each gets a colour.
        order: Labels from top to bottom.
        log: A logarithmic axis.
        share: The values are shares.
    """
    figure = go.Figure()
    colours = dict(zip(series, _SERIES, strict=False)) | _SPLITS
    for name, counts in series.items():
        figure.add_bar(
            y=list(map(as_text, order)),
            x=[counts.get(label, 0) for label in order],
            name=name,
            orientation="h",
            marker_color=colours[name],
            hovertemplate="%{y}: %{x:.2%}" if share else "%{y}: %{x:,}",
        )
    # From the top: the classes, and the bars of each in the order of the legend.
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=list(map(as_text, order)),
        autorange="reversed",
        dtick=1,
        tickfont=_NAMES,
        fixedrange=True,
    )
    figure.update_xaxes(
        type="log" if log else "linear",
        tickformat=".1%" if share else "~s",
        tickfont=_NUMBERS,
        fixedrange=True,
        side="top",
    )
    figure.update_layout(
        height=110 + len(order) * (10 + 9 * len(series)),
        margin={"l": 8, "r": 8, "t": 60, "b": 8},
        barmode="group",
        bargap=0.2,
        # Above the numbers of the axis, and far from the button in the corner.
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "font": _NUMBERS,
        },
        showlegend=len(series) > 1,
    )
    return figure


def distributions(values: np.ndarray, labels: np.ndarray, names: Sequence[str], unit: str) -> go.Figure:
    """A box for each class over the values (n,) measured on its images; ``labels`` (n,) are positions in ``names``."""
    figure = go.Figure()
    for i in np.unique(labels):
        figure.add_box(
            y=values[labels == i], name=as_text(names[i]), marker_color=_SERIES[0], line_width=1, marker_size=2
        )
    figure.update_yaxes(title=unit, tickfont=_NUMBERS, fixedrange=True)
    figure.update_xaxes(type="category", dtick=1, tickangle=0, tickfont=_NAMES, fixedrange=True)
    figure.update_layout(height=420, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False)
    return figure


def class_matrix(shares: np.ndarray, names: Sequence[str], row_title: str, column_title: str) -> go.Figure:
    """Shares 0-1 between classes (classes, classes) as a heat map, its diagonal left out."""
    off = shares.astype(float).copy()
    np.fill_diagonal(off, np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=off,
            x=list(map(as_text, names)),
            y=list(map(as_text, names)),
            colorscale=[[0, "rgba(91,116,232,0)"], [1, sample_colorscale("Plasma", 0.45)[0]]],
            hovertemplate=f"{row_title} %{{y}}, {column_title} %{{x}}: %{{z:.1%}}<extra></extra>",
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    classes = {"type": "category", "dtick": 1, "tickfont": _NAMES, "fixedrange": True}
    figure.update_xaxes(tickangle=0, side="top", title=column_title, **classes)
    figure.update_yaxes(autorange="reversed", title=row_title, **classes)
    side = 120 + 15 * len(names)
    figure.update_layout(height=max(360, side), margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return figure
