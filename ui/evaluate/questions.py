"""What is measured: the choices at the top of the Models page, and the models' answers to them."""

from dataclasses import dataclass

import streamlit as st

from hcr_core import Recognizer
from hcr_core.datasets import Dataset, DatasetError
from hcr_core.datasets.dataset import SPLITS
from hcr_core.evaluation_results import Evaluation, evaluated, fingerprint, result_key
from ui import data as lookup
from ui.evaluate.work import shared_result
from ui.reading import plain

KINDS = {
    "all": "all",
    "digits": "digits",
    "letters": "letters",
    "uppercase": "capitals",
    "lowercase": "small letters",
}
#: What a model may answer: whether with classes that the data set does not have.
ANSWERS = {"data": "what the data has", "any": "anything it knows"}


@dataclass(frozen=True)
class Question:
    """Which images are read, and what may be answered.

    Attributes:
        data: Name of the data set.
        part: One of its splits.
        kind: One of ``alphabet.KINDS``.
        all_classes: Whether a model may answer with classes that these images cannot have.
    """

    data: str
    part: str
    kind: str
    all_classes: bool

    @property
    def dataset(self) -> Dataset:
        """The images."""
        return lookup.part(self.data, self.part)

    @property
    def title(self) -> str:
        """In words, for headings."""
        return f"{self.data}, {self.part}" + ("" if self.kind == "all" else f", {KINDS[self.kind]}")

    @property
    def filename(self) -> str:
        """For files to download."""
        return "-".join((self.data, self.part, *([] if self.kind == "all" else [self.kind])))

    def labels(self) -> list[str]:
        """The classes that are asked for."""
        alphabet = self.dataset.alphabet
        return [label for label, wanted in zip(alphabet, alphabet.select(self.kind), strict=True) if wanted]


def switch(label: str, options: dict[str, str] | list[str], key: str, **options_of_widget) -> str:
    """A control with one choice that the page's address remembers; ``options`` may have titles."""
    titles = options if isinstance(options, dict) else {option: option for option in options}
    chosen = st.segmented_control(
        label,
        list(titles),
        default=next(iter(titles)),
        required=True,
        format_func=titles.get,
        key=key,
        bind="query-params",
        **options_of_widget,
    )
    return chosen or next(iter(titles))  # "?show=" in the address chooses nothing


def choose_question(models: list[str]) -> Question:
    """The choices of images and answers; to be called within a row. Raises ``DatasetError``."""
    data = st.selectbox("Data set", lookup.data_sets(), key="data", bind="query-params", width=220)
    splits = lookup.dataset(data).splits
    # Figures on what a model learned from say little: the part held back comes first.
    part = switch("Part", sorted(splits, key=SPLITS.index, reverse=True), "part")
    kinds = {kind: KINDS[kind] for kind in lookup.kind_counts(lookup.dataset(data).alphabet)}
    kind = switch("Characters", kinds, "characters") if len(kinds) > 1 else "all"
    question = Question(data, part, kind, False)
    if not _matters(question, models):
        return question
    answers = switch(
        "A model may answer",
        ANSWERS,
        "answers",
        help="A model that knows more characters than these images can show is asked to choose among those they can, "
        "as a reader does who knows that a number is written there.",
    )
    return Question(data, part, kind, answers == "any")


def _matters(question: Question, models: list[str]) -> bool:
    """Whether a model knows all that is asked for and more, so that it can be held to it."""
    wanted = set(question.labels())
    return any(wanted < set(lookup.recognizer(name).alphabet) for name in models)


def choose_models(models: list[str]) -> list[str]:
    """Several models, to be compared; all to begin with."""
    chosen = st.multiselect(
        "Models", models, default=models, key="models", bind="query-params", placeholder="All of them"
    )
    return chosen or models


#: In the session: the model that the leaderboard put first, and the one that the visitor chose.
_FIRST, _CHOSEN = "models_first", "models_chosen"


def put_first(model: str) -> None:
    """Have a model looked at first by the views of a single one, until the visitor chooses another."""
    st.session_state[_FIRST] = model


def choose_model(models: list[str]) -> str:
    """A single model: to begin with the address's, the visitor's last, or the best of the leaderboard."""
    first = st.session_state.get(_CHOSEN) or st.session_state.get(_FIRST)
    if "model" not in st.session_state and "model" not in st.query_params and first in models:
        # Not as the default, which the address leaves out: a colleague may see another leaderboard.
        st.session_state["model"] = st.query_params["model"] = first
    return st.selectbox("Model", models, key="model", bind="query-params", width=220, on_change=_keep_chosen)


def _keep_chosen() -> None:
    st.session_state[_CHOSEN] = st.session_state["model"]


def ask(models: list[str], question: Question) -> tuple[dict[str, Evaluation], dict[str, str]]:
    """Answers of models by their names, with a progress bar; and a sentence for each that has none."""
    found, refused, bar = {}, {}, st.empty()
    for i, name in enumerate(models):

        def show(share: float, done=i, name=name) -> None:
            words = f"The model **{plain(name)}** reads the data set {plain(question.title)}: {round(100 * share)} %"
            bar.progress((done + share) / len(models), words + _of(done, len(models)))

        try:
            found[name] = _asked(lookup.recognizer(name), question, show)
        except DatasetError as error:
            refused[name] = str(error)
    bar.empty()
    return found, refused


def _of(done: int, models: int) -> str:
    return f", model {done + 1} of {models}" if models > 1 else ""


def _asked(reader: Recognizer, question: Question, show) -> Evaluation:
    dataset, choice = question.dataset, (question.kind, question.all_classes)
    return shared_result(
        ("answers", result_key(reader, fingerprint(dataset), *choice)),
        lambda progress: evaluated(reader, dataset, question.kind, all_classes=question.all_classes, progress=progress),
        show,
    )


def ask_one(model: str, question: Question) -> Evaluation | None:
    """Answers of a single model; where it has none, the page says why."""
    found, refused = ask([model], question)
    say_refused(refused)
    return found.get(model)


def say_refused(refused: dict[str, str]) -> None:
    """Why models are not among the others."""
    for name, sentence in refused.items():
        st.caption(f":material/block: **{plain(name)}** is left out: {plain(sentence)}.")
