"""What a run is asked to do."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hcr_core.alphabet import KINDS, Alphabet, AlphabetError
from hcr_core.atomic import FOLDER_NAME
from hcr_core.sentences import OneLineError
from hcr_core.training.architectures import ARCHITECTURES, Recipe
from hcr_core.training.augmentation import STRENGTHS

OPTIMIZERS = ("adam", "adamw")
SCHEDULES = ("constant", "cosine")
PRECISIONS = ("float32", "mixed_bfloat16")

#: More than anybody waits for, and than a chart can show.
MOST_EPOCHS, MOST_BATCH = 10_000, 65_536


class TrainingError(OneLineError):
    """A run that cannot be, or could not go on; the message is one sentence for the user."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything a run depends on.

    Attributes:
        name: What the model is called.
        data: Names of data sets of the same classes to train on, together.
        architecture: One of ``ARCHITECTURES``.
        recipe: How it is trained.
        classes: ``""`` for all, a kind (``alphabet.KINDS``), or the labels: ``"ABC"``, or joined by commas.
        seed: Of the first weights, the order, the split and the variations.
        precision: ``"float32"`` or ``"mixed_bfloat16"``.
        limit: At most so many training samples of each data set (0: all).
        store: Folder of models that the finished model is put into; ``""``: it stays with the run.
        base: A model of the store that is adapted to the data; ``""``: a new network begins from nothing.
        writer: Of an adaptation, whose samples it learns from; ``None``: everyone's.
    """

    name: str
    data: tuple[str, ...]
    architecture: str
    recipe: Recipe
    classes: str = ""
    seed: int = 1
    precision: str = "float32"
    limit: int = 0
    store: str = ""
    base: str = ""
    writer: str | None = None

    def __post_init__(self):
        recipe, network = self.recipe, self.architecture
        checks = [
            (FOLDER_NAME.fullmatch(self.name), f"{self.name!r} is no name for a model: letters, digits, - and _"),
            (self.data, "a run needs a data set"),
            # An adaptation has its base's network, whatever it is.
            (self.base or network in ARCHITECTURES, _unknown("architecture", network, ARCHITECTURES)),
            (recipe.optimizer in OPTIMIZERS, _unknown("optimizer", recipe.optimizer, OPTIMIZERS)),
            (recipe.schedule in SCHEDULES, _unknown("schedule", recipe.schedule, SCHEDULES)),
            (recipe.augment in STRENGTHS, _unknown("augmentation", recipe.augment, STRENGTHS)),
            (self.precision in PRECISIONS, _unknown("precision", self.precision, PRECISIONS)),
            (1 <= recipe.epochs <= MOST_EPOCHS, f"the number of epochs lies between 1 and {MOST_EPOCHS:,}"),
            (1 <= recipe.batch <= MOST_BATCH, f"a batch has between 1 and {MOST_BATCH:,} images"),
            (0 < recipe.learning_rate < float("inf"), "the learning rate is a positive number"),
            (0 < recipe.validation < 1, "the share for validation lies between 0 and 1"),
            (0 <= recipe.balance <= 1, "the balance of classes lies between 0 and 1"),
            (0 <= recipe.label_smoothing < 1, "label smoothing lies between 0 and 1"),
            (min(self.limit, recipe.early_stopping, self.seed) >= 0, "limit, early stopping and seed are not negative"),
        ]
        for holds, message in checks:
            if not holds:
                raise TrainingError(message)

    @classmethod
    def of(
        cls,
        name: str,
        data: tuple[str, ...],
        architecture: str,
        *,
        samples: int = 0,
        changes: dict | None = None,
        **own,
    ) -> "TrainingConfig":
        """A run by the architecture's own recipe.

        Args:
            name: See the attributes; ``data``, ``architecture`` and ``own`` likewise.
            samples: Training samples, where known: small data sets get more epochs of smaller batches.
            changes: Values of the recipe to be others; ``None`` leaves a value as it is.
        """
        if architecture not in ARCHITECTURES:
            raise TrainingError(_unknown("architecture", architecture, ARCHITECTURES))
        recipe = ARCHITECTURES[architecture].recipe
        if samples:
            recipe = recipe.for_samples(samples)
        wanted = {key: value for key, value in (changes or {}).items() if value is not None}
        return cls(name=name, data=data, architecture=architecture, recipe=replace(recipe, **wanted), **own)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "TrainingConfig":
        """Read what ``write`` wrote; raises ``TrainingError`` where that is not what it is."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            return cls(**fields | {"data": tuple(fields["data"]), "recipe": Recipe(**fields["recipe"])})
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise TrainingError(f"the run in {path.parent.name} has no readable config: {error}") from None


def chosen_labels(alphabet: Alphabet, classes: str) -> tuple[str, ...]:
    """The labels of ``alphabet`` that ``TrainingConfig.classes`` means, in the alphabet's order.

    Raises ``AlphabetError`` for a label it does not have or fewer than two classes.
    """
    wanted: str | list[str] = classes or "all"
    if wanted not in KINDS:
        wanted = [label.strip() for label in classes.split(",")] if "," in classes else list(classes)
    mask = alphabet.select(wanted)
    labels = tuple(label for label, chosen in zip(alphabet, mask, strict=True) if chosen)
    if len(labels) < 2:
        raise AlphabetError("a network needs at least two classes to choose from")
    return labels


def _unknown(what: str, value: str, known) -> str:
    return f"unknown {what} {value!r}: choose one of {', '.join(known)}"
