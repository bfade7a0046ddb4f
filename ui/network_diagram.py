"""A network drawn as its layers: what each does, how large its output is, how many parameters it has."""

import html
import math

import streamlit as st

from hcr_core.training.architectures import Conv, Dense, Dropout, Flatten, LayerFigures, Pool

#: Side, in CSS pixels, that stands for the whole glyph.
_SIDE = 54

_EXPLAINED = {
    Conv: "Looks at every 3 × 3 neighbourhood for small patterns: edges, bends, crossings. One picture comes out "
    "for every pattern.",
    Pool: "Keeps the strongest of every 2 × 2 pixels: the pictures get smaller, and where exactly a stroke lies "
    "matters less.",
    Dropout: "While it learns, forgets some values at random, so that it does not rely on single ones.",
    Flatten: "Puts all values into one row.",
    Dense: "Every value is weighed against every other.",
}

STYLE = """
<style>
.network { display: flex; flex-wrap: wrap; gap: 0.9rem 0.3rem; align-items: flex-end; margin: 0.4rem 0 0.2rem; }
.network .layer { width: 4.3rem; text-align: center; font-size: 0.72rem; line-height: 1.35; }
.network .shape { height: 72px; display: flex; align-items: center; justify-content: center; }
.network .block { border-radius: 4px; border: 1px solid rgba(255, 255, 255, 0.55); box-sizing: border-box; }
.network .conv { background: #5b74e8; }
.network .pool { background: #8d8f98; }
.network .dense { background: #d9793f; }
.network .softmax { background: #3ba182; }
.network .flat { background: #8d8f98; }
.network .drop { background: none; border: 2px dashed #8d8f98; }
.network .ink { background: #111; color: #fff; font: 600 34px/54px Georgia, serif; overflow: hidden; }
.network b { display: block; font-size: 0.78rem; }
.network .dim { opacity: 0.7; white-space: nowrap; }
</style>
"""


def diagram(layers: list[LayerFigures], side: int, label: str) -> str:
    """HTML of a network for glyphs of ``side`` pixels, its layers from left to right, wrapping on a phone.

    ``label`` is one of the characters that it is to learn.
    """
    ink = _column(
        f'<div class="block ink" style="width:{_SIDE}px;height:{_SIDE}px">{html.escape(label)}</div>',
        ("The image", f"{side} × {side}", ""),
        "One character, white on black.",
    )
    last = len(layers) - 1
    columns = [_layer(figures, side, answers=i == last) for i, figures in enumerate(layers)]
    total = sum(figures.parameters for figures in layers)
    words = f"Network of {len(layers)} layers from the image to the {layers[-1].shape[0]} answers, {total:,} parameters"
    return f'{STYLE}<div class="network" role="img" aria-label="{words}">{ink}{"".join(columns)}</div>'


def show(layers: list[LayerFigures], side: int, label: str) -> None:
    """Draw it on the page."""
    st.html(diagram(layers, side, label))


def _layer(figures: LayerFigures, side: int, *, answers: bool) -> str:
    layer, shape = figures.layer, figures.shape
    size = " × ".join(map(str, shape))
    weights = f"{figures.parameters:,} p." if figures.parameters else ""
    if answers:
        return _column(
            _bar("softmax", shape[0]), ("Answers", f"{shape[0]} classes", weights), "How likely each class is."
        )
    match layer:
        case Conv():
            words = _EXPLAINED[Conv] + (
                " Their values are kept in one range (batch normalization)." if layer.normalized else ""
            )
            return _column(_sheets("conv", shape, side), ("Conv 3 × 3", size, weights), words)
        case Pool():
            return _column(_sheets("pool", shape, side), ("Pool 2 × 2", size, weights), _EXPLAINED[Pool])
        case Dropout():
            mark = '<div class="block drop" style="width:26px;height:26px"></div>'
            return _column(mark, ("Dropout", f"{layer.rate:.0%}".replace("%", " %"), ""), _EXPLAINED[Dropout])
        case Flatten():
            return _column(_bar("flat", shape[0]), ("In one row", size, ""), _EXPLAINED[Flatten])
        case Dense():
            name = "Dense" if layer.activation == "relu" else f"Dense, {layer.activation}"
            return _column(_bar("dense", shape[0]), (name, size, weights), _EXPLAINED[Dense])
    return ""


def _sheets(kind: str, shape: tuple[int, ...], side: int) -> str:
    """A stack of pictures: as large as they are, thicker the more there are."""
    edge = max(8, round(_SIDE * shape[0] / side))
    sheets = max(1, min(4, round(math.log2(shape[2])) - 3))
    behind = ", ".join(
        f"{3 * i}px {-3 * i}px 0 -0.5px rgba(120, 130, 170, {0.65 - 0.12 * i:.2f})" for i in range(1, sheets + 1)
    )
    return f'<div class="block {kind}" style="width:{edge}px;height:{edge}px;box-shadow:{behind}"></div>'


def _bar(kind: str, values: int) -> str:
    """A row of values, taller the more there are."""
    return f'<div class="block {kind}" style="width:13px;height:{min(70, round(12 + 6 * math.log2(values)))}px"></div>'


def _column(block: str, lines: tuple[str, str, str], words: str) -> str:
    name, size, weights = (html.escape(line) for line in lines)
    return (
        f'<div class="layer" title="{html.escape(words)}"><div class="shape">{block}</div><b>{name}</b>'
        f'<span class="dim">{size}<br>{weights or "&nbsp;"}</span></div>'
    )
