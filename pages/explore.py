"""Look at a data set: what is in it, how it is written, and what is wrong with it."""

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core import exploration
from hcr_core.datasets import ENTRIES, DatasetError, available
from hcr_core.datasets.published import PUBLISHED_COUNTS
from hcr_core.datasets.registry import imported
from hcr_core.model_store import ModelError
from hcr_core.public import is_public
from ui import data as lookup
from ui.address import say_if_missing
from ui.entry import ensure_app
from ui.evaluate.questions import switch
from ui.explore.images import clickable, label_of, send
from ui.explore.wrong import show_duplicates, show_suspicious
from ui.export import chart, save_numbers
from ui.figures import class_colours, class_matrix, count_bars, distributions
from ui.image_views import by_hand, image_map
from ui.importing import import_view, show_imported
from ui.reading import percent, plain

#: Fields of ``InkStatistics`` and their units by what they are called.
MEASURES = {
    "Stroke width": ("stroke_width", "pixels"),
    "Slant to the right": ("slant", "degrees"),
    "Width over height": ("aspect", "ratio"),
    "Ink": ("amount", "share of the image"),
}

#: Images that t-SNE arranges in some seconds.
TSNE_SAMPLE = 2500
#: Classes that are looked at until a visitor chooses others: as many as there are digits.
_CLASSES = 10
#: Typical images of a class in a row, and as many unusual ones.
_EACH = 10
#: Classes that are compared with each other: the number of pairs is what fills the memory.
_MOST_MATRIX = 1000


def chosen_classes(name: str) -> list[int]:
    """Positions of the classes a visitor chose to look at; the first few to begin with."""
    names = list(lookup.dataset(name).alphabet)
    chosen = st.pills("Classes", names, selection_mode="multi", format_func=plain, key="classes", bind="query-params")
    if not chosen and len(names) > _CLASSES:
        st.caption(f"The first {_CLASSES} of {len(names)} classes: choose above which to look at.")
    return [names.index(label) for label in chosen] or list(range(min(_CLASSES, len(names))))


def show_counts(name: str) -> None:
    data = lookup.dataset(name)
    by_split = lookup.counts(name)
    total = sum(by_split.values())
    rare, common = int(np.argmin(np.where(total, total, total.max()))), int(np.argmax(total))
    with st.container(horizontal=True, gap="medium"):
        st.metric("Images", f"{len(data):,}", width="content")
        st.metric("Classes", len(data.alphabet), width="content")
        if total[rare] == total[common]:
            st.metric("Of each class", f"{total[common]:,}", width="content")
        else:
            st.metric(f"Rarest: {plain(data.alphabet[rare])}", f"{total[rare]:,}", width="content")
            st.metric(f"Most frequent: {plain(data.alphabet[common])}", f"{total[common]:,}", width="content")
            st.metric("Most to fewest", f"{exploration.imbalance(total):.1f} : 1", width="content")
    for note in data.notes:
        st.warning(plain(note))
    others = [other for other in available() if other != name]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        beside = st.selectbox(
            "Beside", ["its splits", *PUBLISHED_COUNTS, *others], key="beside", bind="query-params", width=300
        )
        order = switch("Order", ["as they are", "most first"], "order")
        axis = switch("Axis", ["images", "log", "share"], "axis")
    series = _series(name, beside)
    labels = list(data.alphabet)
    labels += sorted({label for counts in series.values() for label in counts} - set(labels))
    if order == "most first":
        labels.sort(key=lambda label: -sum(counts.get(label, 0) for counts in series.values()))
    if axis == "share":
        sums = {title: max(sum(counts.values()), 1) for title, counts in series.items()}
        series = {title: {k: v / sums[title] for k, v in counts.items()} for title, counts in series.items()}
    numbers = pd.DataFrame(series).reindex(labels).fillna(0).rename_axis("label").reset_index()
    figure = count_bars(series, labels, log=axis == "log", share=axis == "share")
    chart(figure, numbers, f"counts-{name}", alt=f"Bars of how many images of each class {name} has.")


def _series(name: str, beside: str) -> dict[str, dict[str, int]]:
    """Counts by label, of a data set's splits or of it and another."""

    def named(counts: np.ndarray, alphabet) -> dict[str, int]:
        return dict(zip(alphabet, counts.tolist(), strict=True))

    alphabet = lookup.dataset(name).alphabet
    by_split = lookup.counts(name)
    if beside == "its splits":
        return {split: named(counts, alphabet) for split, counts in by_split.items()}
    if beside in PUBLISHED_COUNTS:
        other = PUBLISHED_COUNTS[beside]
    else:
        other = named(sum(lookup.counts(beside).values()), lookup.dataset(beside).alphabet)
    return {name: named(sum(by_split.values()), alphabet), beside: other}


def shuffle() -> int:
    """The number that images are drawn by, which the address may name."""
    try:
        return st.number_input("Shuffle", 0, 9999, 0, key="shuffle", bind="query-params", width=140)
    except OverflowError:  # of an address with a number beyond all bounds, which Streamlit takes for infinity
        return st.number_input("Shuffle", 0, 9999, 0, key="shuffle_anew", width=140)


def show_gallery(name: str) -> None:
    data = lookup.dataset(name)
    chosen = chosen_classes(name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        each = st.slider("Of each class", 4, 60, 16, key="each", bind="query-params", width=220)
        tile = st.slider("Size", 24, 112, 48, key="tile", bind="query-params", width=220)
        look = switch("Show", ["as it is", "black and white"], "look")
        seed = shuffle()
    st.caption("Click an image to have it read.")
    for label in chosen:
        positions = exploration.class_sample(data.labels, label, each, seed)
        images = np.asarray(data.images[positions])
        if look == "black and white":
            images = np.where(images >= 128, 255, 0).astype(np.uint8)
        st.markdown(f"**{plain(data.alphabet[label])}**")
        clickable(name, positions, f"gallery-{label}", images=images, tile=tile)


def show_typical(name: str) -> None:
    st.caption(
        "The average image, then the most typical and the most unusual ones. "
        "An unusual image may be a rare style, or an error."
    )
    for label in chosen_classes(name):
        order = lookup.typicality(name, label)
        if len(order):
            _typical_row(name, label, order)


def _typical_row(name: str, label: int, order: np.ndarray) -> None:
    """A class's average, its first and its last images, each under its name: on a phone they stand in one column."""
    title = lookup.dataset(name).alphabet[label]
    mean, typical, unusual = st.columns([1, 5, 5])
    with mean:
        st.caption(f"Average **{plain(title)}**")
        st.image(lookup.average(name, label), width=64, alt=f"average {title}")
    for column, positions, kind in ((typical, order[:_EACH], "typical"), (unusual, order[::-1][:_EACH], "unusual")):
        with column:
            st.caption(f"Most {kind}")
            words = [f"{kind} {title}, image {position}" for position in positions]
            clickable(name, positions, f"{kind}-{label}", words=words, tile=44, row=_EACH)


def show_ink(name: str) -> None:
    data, measured = lookup.dataset(name), lookup.ink(name)
    labels = data.labels[lookup.sample(name)]
    title = switch("Measure", list(MEASURES), "measure")
    field, unit = MEASURES[title]
    values = getattr(measured, field)
    numbers = pd.DataFrame({"label": [data.alphabet[i] for i in labels], field: values})
    figure = distributions(values, labels, list(data.alphabet), f"{title.lower()} ({unit})")
    chart(figure, numbers, f"ink-{field}-{name}", alt=f"{title} of each class as boxes.", columns=len(data.alphabet))
    st.caption(f"Measured on {len(values):,} images, all classes alike. Boxes span the middle half of each class.")


def show_map(name: str) -> None:
    data = lookup.dataset(name)
    kind = switch(
        "Map", ["PCA", "t-SNE"], "map", help="PCA is there at once; t-SNE takes some seconds and separates better."
    )
    if kind == "PCA":
        positions, coordinates = lookup.sample(name), lookup.components(name)[:, :2]
    else:
        positions, coordinates = lookup.sample(name, TSNE_SAMPLE), lookup.neighbour_map(name, TSNE_SAMPLE)
    labels = data.labels[positions]
    names = list(data.alphabet)
    picked = image_map(
        np.asarray(data.images[positions]), coordinates, labels, names, class_colours(len(names)), f"map-{name}-{kind}"
    )
    send(name, positions, picked)
    what = f"{len(positions):,} images, coloured by class"
    by_hand(
        f"{what}: hover to see one, zoom in until the dots become images, click to have one read.",
        f"{what}: tap one to see it, and again to have it read; spread two fingers until the dots become images.",
    )
    table = pd.DataFrame(
        {"image": positions, "label": [names[i] for i in labels], "x": coordinates[:, 0], "y": coordinates[:, 1]}
    )
    save_numbers(table, f"map-{kind}-{name}")


def show_lookalikes(name: str) -> None:
    data = lookup.dataset(name)
    names = list(data.alphabet)
    if len(names) > _MOST_MATRIX:
        st.info(f"These are {len(names):,} classes; at most {_MOST_MATRIX:,} are compared with each other.")
        return
    shares = lookup.lookalikes(name)
    figure = class_matrix(shares, names, "of", "nearest are")
    rows, columns = np.nonzero(shares)
    table = pd.DataFrame(
        {"label": [names[i] for i in rows], "nearest": [names[i] for i in columns], "share": shares[rows, columns]}
    )
    chart(
        figure,
        table,
        f"lookalikes-{name}",
        alt="How often the nearest images of a class are of another, as a heat map.",
        columns=len(names),
    )
    st.caption(
        "Of the five images most like one of this class, how many are of that class; "
        "from the shapes alone, without a network."
    )
    mixed = shares + shares.T
    np.fill_diagonal(mixed, 0)
    best = np.dstack(np.unravel_index(np.argsort(-np.triu(mixed), axis=None)[:8], mixed.shape))[0]
    st.subheader("Most alike", anchor=False)
    for a, b in best:
        if mixed[a, b] > 0:
            st.markdown(
                f"**{plain(names[a])}** and **{plain(names[b])}**: {percent(shares[a, b])} of the images nearest to "
                f"{plain(names[a])} are {plain(names[b])}, {percent(shares[b, a])} the other way round"
            )
            positions = lookup.nearest_pairs(name, int(a), int(b)).ravel()
            captions = [label_of(data, position) for position in positions]
            pairs = [(2, "")] * (len(positions) // 2)
            clickable(name, positions, f"alike-{a}-{b}", captions, tile=44, groups=pairs)


VIEWS = {
    "Counts": show_counts,
    "Gallery": show_gallery,
    "Typical": show_typical,
    "Ink": show_ink,
    "Map": show_map,
    "Look-alikes": show_lookalikes,
    "Suspicious": show_suspicious,
    "Duplicates": show_duplicates,
    "Import": lambda name: import_view(),
}


def page() -> None:
    # In one row, so that more of the images is in sight of a small projector.
    choices = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    choices.title("Explore", anchor=False, width="content")
    names = lookup.data_sets()
    say_if_missing(names, "data", "data set")
    with choices:
        name = st.selectbox("Data set", names, key="data", bind="query-params", width=220)
        view = switch("Look at", [view for view in VIEWS if view != "Import" or not is_public()], "view")
    if view != "Import":
        if name in ENTRIES:
            st.caption(f"{ENTRIES[name].title}.")
        elif name in imported():
            show_imported(name)
    VIEWS[view](name)
    if is_public():
        st.caption("Importing data of your own is off in this public demonstration.")


ensure_app()
try:
    page()
except (DatasetError, ModelError) as problem:
    st.error(plain(str(problem)), icon=":material/error:")
