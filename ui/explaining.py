"""Below "Why?": what each layer of the network saw, and the nearest real examples."""

import html

import numpy as np
import streamlit as st

from hcr_core.alphabet import spoken
from hcr_core.explanation import map_sheet
from hcr_core.model_store import LITERT, StoredModel, open_model
from hcr_core.nearest import Index
from hcr_core.network_graph import LayerMaps, NetworkGraph
from hcr_core.recognition import Character
from ui.image_views import image_grid

#: Nearest samples, and classes beside them, that are shown.
_NEAREST, _CLASSES = 7, 6
#: Maps of a layer: in the overview, and when it is looked at alone.
_ROW, _ALL = 8, 64


def inside(character: Character, model: str, key: str) -> None:
    """Everything there is to see inside the network that read a character."""
    stored = open_model(model)
    try:
        graph = _graph(stored.card["files"][LITERT], stored)
    except (ValueError, RuntimeError):
        st.caption("This network is built in a way that cannot be looked into.")
        return
    st.markdown("**How close it is to each character**, as the model sees it")
    _nearest(character, stored, graph, key)
    st.markdown("**What each layer saw**")
    _layers(graph.layers(character.glyph), key)


@st.cache_resource(show_spinner=False, max_entries=4)
def _graph(checksum: str, _model: StoredModel) -> NetworkGraph:
    return NetworkGraph(_model.read(LITERT), len(_model.alphabet))


@st.cache_resource(show_spinner=False, max_entries=4)
def _index(checksums: str, _model: StoredModel) -> Index | None:
    return Index.of(_model)


def _nearest(character: Character, model: StoredModel, graph: NetworkGraph, key: str) -> None:
    index = _index(str(model.card["files"]), model)
    if index is None:
        st.caption(f"{model.name} has no index of examples: `python -m hcr_core models index {model.name}` makes one.")
        return
    embedding = graph.embed(character.glyph[None])[0]
    _centres(list(index.centres(embedding).items())[:_CLASSES])
    # A data set that was never opened is first put into its quick form.
    with st.spinner("Opening the data sets for the images nearest to yours: the first time takes a while."):
        found = [(neighbour, index.image(neighbour)) for neighbour in index.nearest(embedding, _NEAREST)]
    shown = [(neighbour, image) for neighbour, image in found if image is not None]
    if not shown:
        st.caption(
            "To the middle of all that it learned of each character. 100 %: the model sees no difference. The images "
            "themselves are not on this machine."
        )
        return
    st.caption("To the middle of all that it learned of each character; and the images nearest to yours:")
    image_grid(
        np.stack([image for _, image in shown]),
        [f"{neighbour.label} · {_percent(neighbour.similarity)}" for neighbour, _ in shown],
        f"{key}_nearest",
        tile=76,
        descriptions=[
            f"{spoken(n.label)} from {n.data}, image {n.position}, similarity {_percent(n.similarity)}"
            for n, _ in shown
        ],
    )
    st.caption(f"The nearest of {len(index):,} that it learned from. 100 %: the model sees no difference.")


def _centres(classes: list[tuple[str, float]]) -> None:
    """How close it is to the middle of each class, in per cent."""
    bars = "".join(
        f'<div><b>{html.escape(label)}</b><span style="width:{max(share, 0) * 100:.0f}%"></span>'
        f"<i>{_percent(share)}</i></div>"
        for label, share in classes
    )
    st.html(_STYLE + f'<div class="close" role="img" aria-label="Similarity to each class">{bars}</div>')


def _percent(share: float) -> str:
    return f"{max(share, 0):.0%}".replace("%", " %")


def _layers(layers: list[LayerMaps], key: str) -> None:
    titles = [layer.title for layer in layers]
    if not layers:
        st.caption("This network has no layers that make pictures: it looks at all pixels at once.")
        return
    chosen = st.segmented_control(
        "Layer",
        ["all", *titles],
        default="all",
        required=True,
        key=f"{key}_layer_{len(titles)}",
        persist_state="session",
        label_visibility="collapsed",
        wrap=True,
    )
    for layer in layers:
        if chosen not in ("all", layer.title):
            continue
        height, width, channels = layer.maps.shape
        most = _ROW if chosen == "all" else _ALL
        st.image(
            map_sheet(layer.maps, _ROW, most),
            width="stretch",
            caption=f"{layer.title}: {min(most, channels)} of {channels} maps of {height} × {width}",
            alt=f"The {min(most, channels)} strongest maps of {layer.title}",
        )
    st.caption("Each picture is what one filter answers to your drawing, the strongest first: the brighter, the more.")
    if any(title.startswith("side branch") for title in titles):
        st.caption("A side branch looks for something else than the character and corrects the answer at the end.")


_STYLE = """<style>
.close { display: grid; gap: 0.25rem; max-width: 26rem; }
.close div { display: grid; grid-template-columns: 2.2rem 1fr 3.5rem; align-items: center; gap: 0.5rem; }
.close b { text-align: center; }
.close span { height: 0.7rem; border-radius: 4px; background: #5b74e8; }
.close i { font-style: normal; opacity: 0.75; text-align: right; }
</style>"""
