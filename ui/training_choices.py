"""Choosing what to train: data, classes, network and settings, with what comes of them shown beside."""

import html
from dataclasses import replace

import numpy as np
import streamlit as st

from hcr_core.alphabet import AlphabetError
from hcr_core.atomic import free_name
from hcr_core.datasets import ENTRIES
from hcr_core.model_store import ModelError, check_own_name
from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training import job
from hcr_core.training.architectures import ARCHITECTURES, Recipe, layer_figures, parameter_count
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.config import OPTIMIZERS, PRECISIONS, SCHEDULES, TrainingConfig, chosen_labels
from ui import network_diagram
from ui import training_data as lookup
from ui.image_views import data_url
from ui.live.views import roughly
from ui.reading import plain

_OWN = "own"
_SAMPLES = 8
_STRENGTHS = {"none": "no", "light": "a little", "full": "a lot"}

STYLE = """
<style>
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); gap: 0.6rem 1.2rem; }
.samples div { display: flex; align-items: center; gap: 0.3rem; }
.samples b { width: 1.5rem; text-align: center; }
.samples img { width: 3.1rem; height: 3.1rem; image-rendering: pixelated; border-radius: 4px; }
.samples span { opacity: 0.6; }
</style>
"""


def choose() -> TrainingConfig | None:
    """Everything to be chosen; returns the run once the visitor starts it, else ``None``.

    Raises ``DatasetError``, ``AlphabetError`` or ``TrainingError`` for choices that cannot be.
    """
    left, right = st.columns([5, 7], gap="large")
    with left:
        names = _data()
        classes, labels = _classes(names)
        counts = lookup.sample_counts(names, classes)
        architecture = _architecture()
        key = f"{architecture}_{'+'.join(names)}_{classes}"
        recipe = ARCHITECTURES[architecture].recipe.for_samples(sum(counts))
        designed = TrainingConfig("new", names, architecture, recipe, classes=classes)
        pace = _pace(designed, counts, len(labels), key)
        start = st.container()
        recipe, others = _settings(recipe, pace, key)
        config = TrainingConfig("new", names, architecture, recipe, classes=classes, **others)
        with start:
            config = _start(config, counts, len(labels))
    with right:
        _network(architecture, labels)
        _preview(names, classes, recipe.augment)
    return config


def _data() -> tuple[str, ...]:
    options = lookup.trainable()
    before = st.session_state.get("train_data")
    if before and before not in options:  # removed by somebody meanwhile
        st.info(f"There is no data set {plain(' and '.join(before))} here any more.", icon=":material/info:")
    preferred = options.index(("mnist",)) if ("mnist",) in options else 0
    names = st.selectbox(
        "Learn from",
        options,
        index=preferred,
        format_func=" and ".join,
        key="train_data",
        persist_state="session",
        help="The images that the network learns from. Import your own on the Explore page.",
    )
    titles = [ENTRIES[name].title for name in names if name in ENTRIES]
    st.caption(
        " · ".join(f"{title[0].upper()}{title[1:]}" for title in titles) + "." if titles else "Your own data set."
    )
    return names


def _classes(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The chosen classes as ``TrainingConfig.classes`` has them, and their labels."""
    alphabet = lookup.training_part(names[0]).alphabet
    kinds = lookup.kinds(alphabet)
    chosen = st.segmented_control(
        "Which characters",
        [*kinds, _OWN],
        default="",
        required=True,
        format_func=lambda kind: "My choice" if kind == _OWN else f"{lookup.KIND_NAMES[kind]} ({kinds[kind]})",
        key=f"train_classes_{'+'.join(names)}",
        persist_state="session",
    )
    if chosen == _OWN:
        labels = list(alphabet)
        own = st.multiselect(
            "Characters", labels, default=labels[:2], key=f"train_own_{'+'.join(names)}", persist_state="session"
        )
        if len(own) < 2:
            raise AlphabetError("Choose at least two characters: a network learns to tell them apart.")
        chosen = ",".join(label for label in labels if label in own)
    return chosen, chosen_labels(alphabet, chosen)


def _architecture() -> str:
    name = st.selectbox("Network", list(ARCHITECTURES), key="train_architecture", persist_state="session")
    title = ARCHITECTURES[name].title
    st.caption(f"{title[0].upper()}{title[1:]}.")
    return name


def _pace(config: TrainingConfig, counts: list[int], classes: int, key: str) -> lookup.Pace:
    """As long as the network is trained by its recipe, or as long as a visitor likes to wait."""
    paces = {
        "Quick": lookup.quick(config, counts, classes),
        "As designed": lookup.Pace(config.recipe.epochs, config.recipe.batch),
    }
    if paces["Quick"] == paces["As designed"]:
        return paces["Quick"]
    chosen = st.segmented_control(
        "How long",
        list(paces),
        default="Quick",
        required=True,
        format_func=lambda name: f"{name}: {paces[name]}",
        key=f"train_pace_{key}",
        persist_state="session",
        help="A pass shows the network every image once.",
    )
    return paces[chosen]


def _settings(recipe: Recipe, pace: lookup.Pace, key: str) -> tuple[Recipe, dict[str, int | str]]:
    """The recipe as the visitor changed it, and what is set besides it; another network has its own defaults."""
    with st.expander("Settings", icon=":material/tune:"):
        st.caption("They are what this network was trained with; changing none of them is fine.")
        first, second = st.columns(2)
        with first:
            steps = _steps(recipe, pace, key)
        with second:
            checks = _checks(recipe, key)
            others = {
                "limit": st.number_input(
                    "At most so many images",
                    0,
                    None,
                    pace.limit,
                    1000,
                    key=f"train_limit_{key}_{pace.limit}",
                    help="Of each data set; 0: all there are.",
                ),
                "seed": st.number_input("Seed of chance", 0, 2**31, 1, key=f"train_seed_{key}"),
                "precision": _one_of("Precision", PRECISIONS, "float32", f"train_precision_{key}"),
            }
    return replace(recipe, **steps, **checks), others


def _steps(recipe: Recipe, pace: lookup.Pace, key: str) -> dict:
    """What is changed of how the network learns."""
    return {
        "epochs": st.number_input(
            "Passes over the data",
            1,
            1000,
            pace.passes,
            key=f"train_epochs_{key}_{pace.passes}",
            help="Also called epochs.",
        ),
        "batch": st.number_input("Images per step (batch)", 1, 8192, pace.batch, key=f"train_batch_{key}_{pace.batch}"),
        "learning_rate": st.number_input(
            "Learning rate",
            1e-6,
            1.0,
            recipe.learning_rate,
            format="%g",
            key=f"train_rate_{key}",
            help="How far each step changes the network.",
        ),
        "schedule": _one_of("Its course", SCHEDULES, recipe.schedule, f"train_schedule_{key}"),
        "optimizer": _one_of("Optimizer", OPTIMIZERS, recipe.optimizer, f"train_optimizer_{key}"),
        "augment": st.segmented_control(
            "Vary the images",
            list(STRENGTHS),
            default=recipe.augment,
            required=True,
            format_func=_STRENGTHS.get,
            key=f"train_augment_{key}",
            help="Turned, slanted, thicker, thinner: each image comes in ever new shapes (augmentation).",
        ),
    }


def _checks(recipe: Recipe, key: str) -> dict:
    """What is changed of how it is checked, and kept from being too sure."""
    return {
        "early_stopping": st.number_input(
            "Stop after passes without progress",
            0,
            1000,
            recipe.early_stopping,
            key=f"train_patience_{key}",
            help="0: train all passes (early stopping).",
        ),
        "validation": st.number_input(
            "Share held back to check",
            0.01,
            0.9,
            recipe.validation,
            0.05,
            key=f"train_validation_{key}",
            help="Images that the network is never trained on, to see how it reads unseen ones (validation).",
        ),
        "label_smoothing": st.number_input(
            "Label smoothing",
            0.0,
            0.5,
            recipe.label_smoothing,
            0.01,
            key=f"train_smoothing_{key}",
            help="Keeps the network from being too sure.",
        ),
    }


def _one_of(label: str, options: tuple[str, ...], default: str, key: str) -> str:
    return st.selectbox(label, options, index=options.index(default), key=key)


def _start(config: TrainingConfig, counts: list[int], classes: int) -> TrainingConfig | None:
    """Name, expected time, and the button; the run where it was pressed, and the name can be had."""
    samples, others = lookup.divided(config)
    whole, part = sum(counts), sum(min(count, config.limit or count) for count in counts)
    taken = {run.config.name for run in job.runs()}
    suggestion = free_name(f"{'-'.join(config.data)}-{config.architecture}", taken, "my-network")
    name = st.text_input("Name of the new model", suggestion, max_chars=64, key=f"train_name_{suggestion}")
    refused = st.container()
    expected = lookup.estimate(config, samples, classes)
    how = "measured on this machine" if expected.measured else "a rough estimate"
    passes = "one pass" if config.recipe.epochs == 1 else f"{config.recipe.epochs} passes"
    images = f"{samples:,} images; it is checked on {others:,} others"
    if part < whole:
        images += f"  \nA part of the data: {part:,} of {whole:,} images"
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Start training", type="primary", icon=":material/play_arrow:", key="train_start")
        st.markdown(f"**About {roughly(expected.seconds)}**, {how}  \n:gray[{passes} over {images}]", width="content")
    working = [run for run in job.runs() if run.alive()]
    if working:
        st.caption(f"{working[0].config.name} is being trained now: yours waits until it has ended.")
    if not pressed:
        return None
    try:
        return replace(config, name=check_own_name(name.strip()))
    except ModelError as error:
        # Here, not at the page's end: there it is out of sight, and what comes between would be gone.
        refused.error(plain(str(error)), icon=":material/error:")
        return None


def _network(name: str, labels: tuple[str, ...]) -> None:
    architecture, classes = ARCHITECTURES[name], len(labels)
    st.markdown(
        f"**The network**: {parameter_count(architecture, GLYPH_SIZE, classes):,} parameters, the numbers it learns"
    )
    network_diagram.show(
        layer_figures(architecture, GLYPH_SIZE, classes), GLYPH_SIZE, "a" if "a" in labels else labels[-1]
    )
    published = f" · published: {architecture.published}" if architecture.published else ""
    st.caption(f"Layers from left to right, p.: parameters. Source: {architecture.source}{published}.")


def _preview(names: tuple[str, ...], classes: str, strength: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Its images**, and how they are varied while it learns", width="content")
        if st.button("Others", icon=":material/casino:", key="train_shuffle"):
            st.session_state["train_shown"] = st.session_state.get("train_shown", 0) + 1
    seed = st.session_state.get("train_shown", 0)
    share = -(-_SAMPLES // len(names))
    rows = [row for name in names for row in lookup.preview(name, classes, strength, share, seed)]
    st.html(STYLE + f'<div class="samples">{"".join(_sample(*row) for row in rows)}</div>')
    if strength == "none":
        st.caption("Nothing is varied: the network sees each image as it is, again in every pass.")


def _sample(image: np.ndarray, varied: list[np.ndarray], label: str) -> str:
    shown = html.escape(label, quote=True)
    pictures = [f'<img src="{data_url(image)}" alt="an image of {shown}">']
    pictures += [f'<img src="{data_url(variation)}" alt="varied">' for variation in varied]
    arrow = "<span>→</span>" if varied else ""
    return f"<div><b>{shown}</b>{pictures[0]}{arrow}{''.join(pictures[1:])}</div>"
