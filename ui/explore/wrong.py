"""What may be wrong with a data set: labels that the shipped model contradicts, and images that are there twice."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from ui import data as lookup
from ui.evaluate.questions import switch
from ui.explore.images import clickable, label_of
from ui.export import save_numbers

#: Images whose labels are judged at first, in a second.
SUSPECTS = 4000
#: Groups of duplicates, and images of each, at most.
_GROUPS, _OF_GROUP = 12, 6


def show_suspicious(name: str) -> None:
    if not lookup.is_known(name):
        st.info("The shipped model does not know these classes, so it cannot say which labels look wrong.")
        return
    data = lookup.dataset(name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        scope = switch("Among", ["a sample", "all images"], "among") if len(data) > SUSPECTS else "all images"
        most = st.slider("Show", 20, 400, 100, key="most", bind="query-params", width=300)
    looked_at = len(data) if scope == "all images" else min(len(data), SUSPECTS)
    found = lookup.suspicions(name, looked_at)
    if not len(found.positions):
        st.success("The shipped model contradicts no label.")
        return
    positions = found.positions[:most]
    captions = [
        f"{label_of(data, position)} → {data.alphabet[int(suggested)]}"
        for position, suggested in zip(positions, found.suggested, strict=False)
    ]
    words = [
        f"labelled {label_of(data, p)}, read as {data.alphabet[int(s)]}"
        for p, s in zip(positions, found.suggested, strict=False)
    ]
    st.caption(
        f"{len(found.positions):,} of {looked_at:,} images looked at are "
        "read as another shape than their label says; the surest contradictions first, as *label → read*. "
        "The model learned from some of these sets, so it "
        "overlooks what it was taught wrongly."
    )
    clickable(name, positions, "suspicious", captions, words)
    table = pd.DataFrame(
        {
            "image": found.positions,
            "split": data.split[found.positions],
            "label": [label_of(data, position) for position in found.positions],
            "suggested": [data.alphabet[int(i)] for i in found.suggested],
            "probability_of_label": found.given_probability,
            "probability_of_suggested": found.suggested_probability,
        }
    )
    save_numbers(table, f"suspicious-{name}")


def show_duplicates(name: str) -> None:
    data = lookup.dataset(name)
    groups = lookup.exact_duplicates(name)
    across = [group for group in groups if len(set(data.split[group].tolist())) > 1]
    contradicting = [group for group in groups if len(set(data.labels[group].tolist())) > 1]
    with st.container(horizontal=True, gap="medium"):
        st.metric("Images that have an equal", f"{sum(map(len, groups)):,}", width="content")
        st.metric(
            "Groups across splits",
            f"{len(across):,}",
            width="content",
            help="Equal images in training and test make a test easier than it looks.",
        )
        st.metric("Groups with different labels", f"{len(contradicting):,}", width="content")
    equal = _without_repeats(contradicting + across + groups)
    _duplicate_groups(name, "Equal pixel by pixel", equal, lambda i: _together(data, equal[i]), "equal")
    likeness = st.slider(
        "Nearly equal from a likeness of",
        0.95,
        0.999,
        0.99,
        0.001,
        key="likeness",
        bind="query-params",
        width=300,
        format="%.3f",
    )
    pairs, cosines = lookup.near_duplicates(name, likeness)
    crossing = data.split[pairs[:, 0]] != data.split[pairs[:, 1]]
    st.caption(
        f"{len(pairs):,} pairs among {len(lookup.sample(name)):,} images (at most 1,000 are found), "
        f"{int(crossing.sum()):,} of them across splits."
    )
    _duplicate_groups(name, "Nearly equal", list(pairs), lambda i: f"likeness {cosines[i]:.4f}", "near")
    table = pd.DataFrame({"first": pairs[:, 0], "second": pairs[:, 1], "likeness": cosines, "across_splits": crossing})
    save_numbers(table, f"near-duplicates-{name}")


def _without_repeats(groups: list[np.ndarray]) -> list[np.ndarray]:
    """Each group once, where it comes first."""
    return list({int(group[0]): group for group in groups}.values())


def _together(data, group: np.ndarray) -> str:
    """What a group of equal images is, in words."""
    found = [f"{len(group):,} images"]
    found += ["different labels"] * (len(set(data.labels[group].tolist())) > 1)
    found += ["across splits"] * (len(set(data.split[group].tolist())) > 1)
    return ", ".join(found)


def _duplicate_groups(name: str, title: str, groups: list[np.ndarray], words: Callable[[int], str], key: str) -> None:
    """The first groups of images, each framed, with words below it, asked for by its position."""
    if not groups:
        return
    data = lookup.dataset(name)
    st.subheader(title + (f": the first {_GROUPS} of {len(groups):,}" if len(groups) > _GROUPS else ""), anchor=False)
    shown = [group[:_OF_GROUP] for group in groups[:_GROUPS]]
    positions = np.concatenate(shown)
    captions = [f"{label_of(data, p)} · {data.split[p]}\n{p}" for p in positions]
    framed = [(len(group), words(i)) for i, group in enumerate(shown)]
    clickable(name, positions, key, captions, tile=84, groups=framed)
