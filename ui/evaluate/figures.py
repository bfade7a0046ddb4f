"""Plotly figures of models beside each other: arrays in, a figure out."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hcr_core.calibration import Rejection, Reliability
from ui.figures import class_colours
from ui.shares import precisely

#: Colours of models, the same in every figure; legible on a light and on a dark page.
_MODELS = ("#5b74e8", "#d9793f", "#3ba182", "#b45cc0", "#c9a227", "#8d8f98")

#: A bin of fewer images says little: the share of 20 that is right varies by ten points of a hundred.
FEW = 20


def model_colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each model."""
    return dict(zip(names, [*_MODELS, *class_colours(len(names))], strict=False))


def accuracy_bars(rows: Sequence[tuple[str, float, float, tuple[float, float]]]) -> go.Figure:
    """A bar for each model, the best on top.

    Args:
        rows: Name, accuracy, the share whose truth is among the first two answers, and the limits
            between which the accuracy lies with 95 % certainty.
    """
    names = [name for name, *_ in rows]
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=[top2 for _, _, top2, _ in rows],
        orientation="h",
        name="right with the first or second answer",
        marker_color="rgba(91,116,232,0.28)",
        customdata=[precisely(top2) for _, _, top2, _ in rows],
        hovertemplate="%{y}: %{customdata}",
    )
    figure.add_bar(
        y=names,
        x=[accuracy for _, accuracy, _, _ in rows],
        orientation="h",
        name="right with the first answer",
        marker_color=_MODELS[0],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - accuracy for _, accuracy, _, (_, high) in rows],
            "arrayminus": [accuracy - low for _, accuracy, _, (low, _) in rows],
            "color": "#8d8f98",
            "thickness": 2,
        },
        text=[f" {precisely(accuracy)}" for _, accuracy, _, _ in rows],
        customdata=[precisely(accuracy) for _, accuracy, _, _ in rows],
        textposition="inside",
        insidetextanchor="start",
        textfont={"size": 17, "color": "white"},
        hovertemplate="%{y}: %{customdata}",
    )
    figure.update_yaxes(type="category", autorange="reversed", fixedrange=True, tickfont_size=16, ticksuffix="  ")
    figure.update_xaxes(
        range=[0, 1.005],
        tickvals=[i / 5 for i in range(6)],
        ticktext=[f"{20 * i} %" for i in range(6)],
        tickfont_size=14,
        fixedrange=True,
    )
    figure.update_layout(
        barmode="overlay",
        bargap=0.25,
        height=90 + 48 * len(rows),
        margin={"l": 8, "r": 32, "t": 8, "b": 8},  # room for the last number of the axis
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "reversed", "font_size": 14},
    )
    return figure


def _shares(figure: go.Figure, x_title: str, y_title: str, height: int) -> go.Figure:
    """Both axes as shares, the models above."""
    figure.update_xaxes(title=x_title, tickformat=".0%", tickfont_size=14, fixedrange=True)
    figure.update_yaxes(title=y_title, tickformat=".0%", tickfont_size=14, fixedrange=True)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant", "font_size": 14},
        showlegend=True,
    )
    return figure


def reliability_diagram(models: dict[str, Reliability]) -> go.Figure:
    """How often models are right against how sure they were; larger dots stand for more answers.

    Bins of fewer than ``FEW`` are pale, and the curves pass them by.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "color": "#8d8f98"},
        name="right as often as claimed",
        hoverinfo="skip",
    )
    for (name, found), colour in zip(models.items(), model_colours(list(models)).values(), strict=True):
        many = found.images >= FEW
        for bins, look in (
            (many, {"mode": "lines+markers"}),
            (~many & (found.images > 0), {"mode": "markers", "opacity": 0.3, "showlegend": not many.any()}),
        ):
            figure.add_scatter(
                x=found.claimed[bins],
                y=found.right[bins],
                customdata=found.images[bins],
                name=name,
                legendgroup=name,
                line_color=colour,
                marker={"size": 6 + 16 * np.sqrt(found.images[bins] / found.images.max()), "line_width": 0},
                cliponaxis=False,
                hovertemplate="claimed %{x:.1%}, right %{y:.1%} of %{customdata:,}",
                **look,
            )
    figure.update_xaxes(range=[0, 1.02])
    figure.update_yaxes(range=[0, 1.02])
    return _shares(figure, "how sure the model was", "how often it was right", 460)


def rejection_curves(models: dict[str, Rejection]) -> go.Figure:
    """Accuracy of the answers that are left, against the share that is refused."""
    figure = go.Figure()
    for (name, curve), colour in zip(models.items(), model_colours(list(models)).values(), strict=True):
        # A few hundred points draw the same line as a hundred thousand.
        some = np.unique(np.linspace(0, len(curve.rejected) - 1, 400).astype(int))
        # The few surest answers are all right or all wrong by chance.
        some = some[curve.rejected[some] <= 0.97]
        figure.add_scatter(
            x=curve.rejected[some],
            y=curve.accuracy[some],
            customdata=curve.threshold[some],
            mode="lines",
            name=name,
            line={"color": colour, "width": 3},
            hovertemplate="refused %{x:.1%}: right %{y:.2%}, threshold %{customdata:.3f}",
        )
    figure.update_xaxes(range=[0, 0.5])
    return _shares(figure, "share of answers refused", "share of the others that is right", 460)


def level_curves(curves: dict[str, tuple[Sequence[float], Sequence[float]]], unit: str, height: int = 420) -> go.Figure:
    """Accuracy of models, 0-1, against the levels of a change: both by the model's name."""
    figure = go.Figure()
    for (name, (levels, accuracies)), colour in zip(curves.items(), model_colours(list(curves)).values(), strict=True):
        figure.add_scatter(
            x=[f"{level:g}" for level in levels],
            y=list(accuracies),
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 3},
            marker_size=8,
            hovertemplate="%{x}: %{y:.1%}",
        )
    _shares(figure, unit, "right", height)
    figure.update_xaxes(type="category", tickformat="", tickangle=0)
    figure.update_yaxes(range=[0, 1.02])
    return figure
