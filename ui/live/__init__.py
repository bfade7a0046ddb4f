"""A run as it goes on, in the browser: views that change in place when they get new data.

Plotly draws a chart anew for every change, which costs the browser and the server more than the
training should lose; these redraw twice a second without a flicker. What they show comes as plain
numbers and texts, made of a ``Progress`` by ``views``.
"""

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent
#: Green for right and red for wrong, told apart by lightness as well, on light and dark pages.
_COLOURS = ":host { --right: #2f9e77; --wrong: #d4553a; --training: #d9793f; --validation: #5b74e8; }\n"
_TEXT = "font-family: var(--st-font); color: var(--st-text-color);"


def _view(name: str, html: str, css: str):
    """A component of this folder, with its colours."""
    source = (_FOLDER / f"{name}.js").read_text(encoding="utf-8")
    return st.components.v2.component(f"hcr_live_{name}", html=html, css=_COLOURS + css, js=source)


_header = _view(
    "header",
    '<div class="head"><p class="sentence" role="status"></p>'
    '<div class="bar" role="progressbar" aria-label="Share of the training that is done" aria-valuemin="0" '
    'aria-valuemax="100"><div class="done"></div><div class="notches"></div></div><div class="numbers"></div></div>',
    f".head {{ {_TEXT} }}"
    + """
.sentence { margin: 0 0 0.6rem; font-size: 1.15rem; min-height: 1.6em; line-height: 1.6; }
.bar { position: relative; height: 14px; border-radius: 7px; overflow: hidden;
  background: var(--st-secondary-background-color); box-shadow: inset 0 0 0 1px var(--st-border-color); }
.done { height: 100%; background: var(--validation); transition: width 0.6s linear; }
[data-state=paused] .done, [data-state=stopped] .done, [data-state=interrupted] .done { background: var(--training); }
[data-state=finished] .done { background: var(--right); }
[data-state=failed] .done { background: var(--wrong); }
.notches { position: absolute; inset: 0;
  background-image: linear-gradient(90deg, transparent calc(100% - 2px), var(--st-background-color) 0); }
.numbers { display: flex; flex-wrap: wrap; gap: 0.4rem 2.2rem; margin-top: 0.8rem; }
.numbers div { min-width: 6.2rem; }
.numbers b { display: block; font-size: 1.7rem; font-weight: 600; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.numbers span { font-size: 0.85rem; opacity: 0.75; }
@media (max-width: 640px) {
  .sentence { min-height: 3.2em; }
  .numbers { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem 1rem; }
  .numbers b { font-size: 1.4rem; }
}
""",
)

_FIGURE = (
    '<figure><figcaption><b class="title"></b><span class="legend"></span></figcaption><svg role="img"></svg>'
    '<p class="readout"></p></figure>'
)
_curves = _view(
    "curves",
    f'<div class="charts">{_FIGURE * 2}</div>',
    f".charts {{ {_TEXT} display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; }}"
    + """
figure { margin: 0; flex: 1 1 280px; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; font-size: 0.95rem; }
.legend { display: flex; gap: 0.9rem; font-size: 0.85rem; }
.legend span::before { content: ""; display: inline-block; width: 0.8em; height: 0.8em; border-radius: 50%;
  margin-right: 0.35em; background: var(--colour); }
svg { display: block; height: 230px; max-width: 100%; }
@media (max-height: 800px) { svg { height: 190px; } }
.axes line { stroke: var(--st-border-color); }
.axes text { fill: var(--st-text-color); opacity: 0.7; font-size: 11.5px; }
.line { fill: none; stroke-linejoin: round; stroke-linecap: round; }
.readout { margin: 0; min-height: 1.5em; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
""",
)

_gallery = _view(
    "gallery",
    '<div class="grid"></div>',
    f".grid {{ {_TEXT} display: grid; grid-template-columns: repeat(16, minmax(0, 72px)); gap: 8px; }}"
    + """
.tile { border-radius: 8px; padding: 3px; background: var(--st-secondary-background-color); text-align: center;
  transition: background-color 0.4s; }
.right { background: var(--right); color: #fff; }
.wrong { background: var(--wrong); color: #fff; }
.picture { display: block; aspect-ratio: 1; border-radius: 5px; image-rendering: pixelated;
  background-repeat: no-repeat; }
.guess { display: block; font-size: 0.95rem; font-weight: 600; line-height: 1.5; white-space: pre; overflow: hidden; }
@media (max-width: 900px) { .grid { gap: 5px; grid-template-columns: repeat(8, minmax(0, 1fr)); }
  .tile { padding: 2px; } .guess { font-size: 0.75rem; } }
""",
)

_classes = _view(
    "classes",
    '<div class="both"><div class="part"><div class="classes"></div><p class="errors"></p></div>'
    '<div class="part"><canvas role="img"></canvas><p class="readout"></p></div></div>',
    f".both {{ {_TEXT} display: flex; flex-wrap: wrap; gap: 1rem 2rem; }}"
    + """
.part { flex: 1 1 320px; min-width: 0; }
.classes { display: grid; grid-template-columns: repeat(auto-fill, minmax(34px, 1fr)); gap: 6px; }
.classes div { position: relative; height: 46px; border-radius: 7px; overflow: hidden; text-align: center;
  background: var(--st-secondary-background-color); box-shadow: inset 0 0 0 1px var(--st-border-color); }
.classes i { position: absolute; left: 0; right: 0; bottom: 0; background: var(--right); opacity: 0.75;
  transition: height 0.5s; }
.classes span { position: relative; font: 600 1.15rem/46px var(--st-heading-font, serif); }
.classes .unknown { opacity: 0.45; }
.errors { margin: 0.8rem 0 0; min-height: 4.5em; line-height: 1.5; font-size: 0.95rem; }
canvas { --empty: var(--st-secondary-background-color); color: var(--st-text-color); display: block; width: 100%;
  max-width: 440px; aspect-ratio: 1; }
.readout { margin: 0.3rem 0 0; min-height: 1.5em; font-size: 0.9rem; }
""",
)

_drawing = _view(
    "drawing",
    '<div class="view"><div class="now"><span class="letter"></span><div class="bars"></div></div>'
    '<p class="sentence" role="status"></p>'
    '<div class="story" role="img"><p class="title">What it took it for, from the first pass on</p>'
    '<div class="names"></div><div class="strip"></div></div></div>',
    f".view {{ {_TEXT} }}"
    + """
.now { display: flex; gap: 1.2rem; align-items: center; height: 150px; }
.letter { font: 600 7.5rem/1 'Iowan Old Style', 'Palatino Linotype', Palatino, 'Source Serif', Georgia, serif;
  width: 8rem; flex: none; text-align: center; }
.blank { opacity: 0.25; }
.bars { flex: 1; max-width: 420px; display: grid; gap: 4px; }
.bars div { display: flex; align-items: center; gap: 0.6rem; height: 24px; }
.bars b { width: 1.4em; text-align: center; font-size: 1.1rem; }
.bars i { flex: 1; height: 14px; border-radius: 7px; overflow: hidden;
  background: var(--st-secondary-background-color); }
.bars u { display: block; height: 100%; background: var(--validation); transition: width 0.45s; }
.bars span { width: 3.2em; text-align: right; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
.sentence { margin: 0.2rem 0; min-height: 1.5em; font-size: 0.95rem; opacity: 0.8; }
.story.none { visibility: hidden; }
.story.over { display: none; }
.title { margin: 0.4rem 0 0.1rem; font-size: 0.85rem; opacity: 0.75; }
.names { position: relative; height: 22px; overflow: hidden; font-weight: 600; font-size: 0.95rem; }
.names span { position: absolute; }
.strip { position: relative; height: 46px; border-radius: 6px; overflow: hidden;
  background: var(--st-secondary-background-color); }
.strip i { position: absolute; bottom: 0; }
@media (max-width: 640px) { .letter { font-size: 5rem; width: 5rem; } .now { gap: 0.8rem; }
  .sentence { min-height: 3em; } }
""",
)


def header(data: dict, key: str) -> None:
    """How far a run is: ``views.header``."""
    _header(data=data, key=key)


def curves(data: dict, key: str) -> None:
    """How often it is right, and the loss: ``views.curves``."""
    _curves(data=data, key=key)


def gallery(data: dict, key: str) -> None:
    """Validation images and what they are taken for: ``views.gallery``."""
    _gallery(data=data, key=key)


def classes(data: dict, key: str) -> None:
    """Every class, and what is taken for what: ``views.classes``."""
    _classes(data=data, key=key)


def drawing(data: dict, key: str) -> None:
    """The visitor's own drawing: ``views.drawing``."""
    _drawing(data=data, key=key)
