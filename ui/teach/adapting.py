"""Adapting a model to the visitor's hand, teaching a new script from nothing, and what came of it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core import corrections
from hcr_core.atomic import free_name
from hcr_core.datasets import Dataset, load
from hcr_core.datasets.mine import MINE
from hcr_core.datasets.registry import imported
from hcr_core.evaluation import glyphs_of
from hcr_core.model_store import ModelError, StoredModel, check_own_name, model_names, open_model, user_store
from hcr_core.training import job
from hcr_core.training.adaptation_data import LEAST, adaptation, known_samples, remembers
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.data import count
from ui.data import SHIPPED_MODEL, readable_models, recognizer
from ui.image_views import image_grid
from ui.reading import plain
from ui.recognize_this import open_recognize
from ui.shares import precisely
from ui.teach.visitor import writer

_EVERYONE = "everyone's"
#: Samples of a character from which a network that begins from nothing makes something of it.
_EACH = 5
_FORGETS_NOT = "Meanwhile it sees other people's writing again, so that it does not forget them."
_FORGETS = "What this model learned from is not on this machine: the copy will forget a little of other hands."


def show_adapting() -> None:
    """Adapt, begin anew, and the models that were adapted."""
    if not corrections.count():
        st.info("There is nothing to learn from yet: write a sheet under **Write**.", icon=":material/inbox:")
        return
    if MINE in imported():
        st.warning(f"A data set imported here is called *{MINE}* too: remove it, or import it under another name.")
        return
    mine = load(MINE)
    adapt, anew = st.columns(2, gap="large")
    with adapt:
        _adapt(mine)
    with anew:
        _anew(mine)
    _adapted(mine)


def _adapt(mine: Dataset) -> None:
    st.subheader("Adapt a model to your hand", anchor=False)
    st.markdown("A copy of it goes on learning from your samples. The model itself stays as it is.")
    with st.container(horizontal=True, gap="medium"):
        whose, base = _whose(), _base()
    known = known_samples(open_model(base).alphabet, mine, whose)
    lacking = sorted({mine.alphabet[i] for i in np.delete(mine.labels, known)} - set(open_model(base).alphabet))
    st.progress(min(1.0, len(known) / LEAST), f"{len(known):,} samples that this model can learn from")
    if lacking:
        st.caption(f"It does not know {plain(' '.join(lacking[:40]))}: teach these from nothing.")
    if len(known) < LEAST:
        st.caption(f"Adapting takes {LEAST} samples: {LEAST - len(known)} to go.")
    st.caption(_FORGETS_NOT if remembers(open_model(base).card) else _FORGETS)
    name = _name("Name of the adapted model", whose or "my-hand", "teach_adapt_name")
    if st.button(
        "Adapt to my hand",
        icon=":material/front_hand:",
        type="primary",
        disabled=len(known) < LEAST,
        key="teach_adapt",
    ):
        store = str(user_store().resolve())
        _start_or_say(lambda: adaptation(check_own_name(name), base, writer=whose, store=store))


def _whose() -> str | None:
    """Whose samples to learn from: the visitor's own to begin with; ``None`` for everyone's."""
    names = [name for name in corrections.overview().writers if name]
    options = [None, *names]
    mine = options.index(writer()) if writer() in names else 0
    return st.selectbox(
        "Whose samples",
        options,
        index=mine,
        format_func=lambda name: _EVERYONE if name is None else name,
        key=f"teach_whose_{len(names)}_{mine}",
        width=180,
    )


def _base() -> str:
    models = readable_models()[0] or [SHIPPED_MODEL]
    return st.selectbox("Model", models, key="teach_base", persist_state="session", width=180)


def _anew(mine: Dataset) -> None:
    st.subheader("Teach a script from nothing", anchor=False)
    st.markdown("A new network learns only the characters you choose, from everyone's samples of them.")
    shipped = open_model(SHIPPED_MODEL).alphabet if SHIPPED_MODEL in model_names() else ()
    labels = list(mine.alphabet)
    new = [label for label in labels if label not in shipped]
    chosen = st.multiselect("Characters", labels, default=new or labels, key=f"teach_anew_{len(labels)}_{len(new)}")
    counts = mine.counts
    few = [label for label in chosen if counts[label] < _EACH]
    if few:
        st.caption(f"Fewer than {_EACH} samples of {plain(' '.join(few[:40]))}: more of them make a better model.")
    name = _name("Name of the new model", "my-script", "teach_anew_name")
    if st.button("Train from nothing", icon=":material/school:", disabled=len(chosen) < 2, key="teach_train"):
        _start_or_say(lambda: _new_network(check_own_name(name), [label for label in labels if label in chosen]))


def _new_network(name: str, labels: list[str]) -> TrainingConfig:
    if any("," in label for label in labels):
        raise TrainingError("a comma cannot be taught here: choose it on the Train page")
    classes = ",".join(labels)
    return TrainingConfig.of(
        name,
        ("mine",),
        "compact",
        samples=count(("mine",), classes),
        classes=classes,
        store=str(user_store().resolve()),
    )


def _name(label: str, wanted: str, key: str) -> str:
    suggestion = free_name(wanted, {*model_names(), *(run.config.name for run in job.runs())}, "my-hand")
    return st.text_input(label, suggestion, max_chars=64, key=f"{key}_{suggestion}", width=300).strip()


def _start_or_say(design: Callable[[], TrainingConfig]) -> None:
    """Start what is designed, or say here why that cannot be: what is below stays on the page."""
    try:
        _start(design())
    except (ModelError, TrainingError) as problem:
        st.error(plain(str(problem)), icon=":material/error:")


def _start(config: TrainingConfig) -> None:
    """Start a run and watch it on the Train page."""
    if config.name in model_names():
        raise TrainingError(f"there is a model {config.name} already: choose another name")
    run = job.start(config)
    st.session_state["train_run"] = run.id
    st.switch_page("pages/train.py", query_params={"run": run.id})


def _adapted(mine: Dataset) -> None:
    """Every model that was adapted here: what it brought."""
    readable, damaged = readable_models()
    for sentence in damaged:
        st.warning(plain(sentence), icon=":material/warning:")
    models = [model for name in readable if "adaptation" in (model := open_model(name)).card and not model.shipped]
    if not models:
        return
    st.subheader("What it brought", anchor=False)
    table = pd.DataFrame([_row(model) for model in models])
    st.dataframe(table, hide_index=True, alt="Adapted models, before and after")
    st.caption(
        "What is read right, before → after. *Held back*: samples of yours that it did not learn from. Further right: "
        "other people's handwriting, where it is on this machine; a model that forgets nothing reads it as before."
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        name = st.selectbox("Look at", [model.name for model in models], key=f"teach_look_{len(models)}", width=220)
        st.button("Read with it", icon=":material/draw:", key="teach_use", on_click=_use, args=(name,))
    if st.session_state.pop("teach_open", None):
        open_recognize(name)
    _held_back(open_model(name), mine)


def _use(name: str) -> None:
    st.session_state["teach_open"] = name


def _row(model: StoredModel) -> dict:
    told = model.card["adaptation"]
    held = told.get("held_back", {})
    row = {
        "model": model.name,
        "from": told.get("base", ""),
        "learned from": told.get("samples"),
        "held back": held.get("images"),
        "this hand": _change(held.get("before"), held.get("after")),
    }
    for name, before in told.get("before", {}).items():
        after = model.card.get("held_out", {}).get(name, {})
        row[name] = _change(before.get("accuracy"), after.get("accuracy"))
    return row


def _change(before: float | None, after: float | None) -> str:
    """Shares that are read right, in words; a dash for what nobody measured."""
    return " → ".join("–" if share is None else precisely(share) for share in (before, after))


def _held_back(model: StoredModel, mine: Dataset) -> None:
    """Samples that were held back, and how they were read before and are read now."""
    told = model.card["adaptation"]
    if told["base"] not in readable_models()[0]:
        return
    rows = known_samples(model.alphabet, mine, told.get("writer"))
    rows = rows[mine.split[rows] == "test"][-60:]
    if not len(rows):
        return
    glyphs = glyphs_of(mine, rows)
    before, after = (_answers(name, glyphs) for name in (told["base"], model.name))
    truths = [mine.alphabet[i] for i in mine.labels[rows]]
    captions = [
        f"{truth}\n{was} → {now}" if was != now else f"{truth}\n{now}"
        for truth, was, now in zip(truths, before, after, strict=True)
    ]
    right = [sum(a == t for a, t in zip(answers, truths, strict=True)) / len(truths) for answers in (before, after)]
    st.markdown(
        f"Of {len(rows)} samples held back on this machine, **{told['base']}** reads {precisely(right[0])} right, "
        f"**{model.name}** {precisely(right[1])}. Under each: what it says, then how it was and is read."
    )
    image_grid(glyphs, captions, f"teach_held_{model.name}", tile=64)


def _answers(name: str, glyphs: np.ndarray) -> list[str]:
    reader = recognizer(name)
    return [reader.alphabet[i] for i in reader.classify(glyphs).argmax(axis=1)]
