"""One training run, from data to a model in the store. Runs in a process of its own.

Its folder gets ``config.json``, ``events.jsonl`` (one JSON object a line) and the weights of the
best epoch so far.
"""

import contextlib
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES, Dataset, DatasetError, load
from hcr_core.evaluation import accuracy_figures, evaluate, glyphs_of
from hcr_core.model_store import save_model
from hcr_core.preprocessing import VERSION
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.augmentation import Augmentation
from hcr_core.training.samples import AugmentedBatches

BEST = "best.weights.h5"


@dataclass(frozen=True)
class TrainingConfig:
    """Everything a run depends on.

    Attributes:
        name: The model's name in the store.
        data: Data sets to train on, together.
        architecture: One of ``ARCHITECTURES``.
        epochs: Passes over all training samples.
        batch: Samples per step.
        learning_rate: Peak of the cosine schedule.
        balance: How far rare classes are drawn more often: 0 as they are, 1 all alike.
        label_smoothing: Share of the truth spread over all classes.
        seed: Of order, augmentation and first weights.
        precision: ``"float32"`` or ``"mixed_bfloat16"``.
        limit: At most so many training samples of each data set (0: all).
    """

    name: str
    data: tuple[str, ...] = ("emnist62", "unipen")
    architecture: str = "compact"
    epochs: int = 13
    batch: int = 256
    learning_rate: float = 2e-3
    balance: float = 0.3
    label_smoothing: float = 0.03
    seed: int = 1
    precision: str = "float32"
    limit: int = 0


class EventLog(keras.callbacks.Callback):
    """Writes what happens in a run, a JSON object a line, and keeps the best epoch's weights."""

    def __init__(self, folder: Path, report):
        super().__init__()
        self._file = open(folder / "events.jsonl", "a", encoding="utf-8")  # noqa: SIM115 - open for the run
        self._weights = folder / BEST
        self._report = report
        self.history: list[dict] = []

    def write(self, event: str, **fields) -> dict:
        """Append an event; returns it."""
        record = {"event": event, "time": round(time.time(), 3)} | fields
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        self._report(record)
        return record

    def on_epoch_begin(self, epoch, logs=None):
        self._started, self._batches = time.monotonic(), 0

    def on_train_batch_end(self, batch, logs=None):
        self._batches += 1
        if batch % 20 == 0:
            self.write("batch", batch=batch, of=self.params["steps"], loss=round(float(logs["loss"]), 4))

    def on_epoch_end(self, epoch, logs=None):
        figures = {name: round(float(value), 4) for name, value in logs.items()}
        seconds = round(time.monotonic() - self._started, 1)
        self.history.append(self.write("epoch", epoch=epoch + 1, of=self.params["epochs"], seconds=seconds, **figures))
        if figures["val_accuracy"] >= max(past["val_accuracy"] for past in self.history):
            self.model.save_weights(self._weights)


def run(config: TrainingConfig, store: Path, folder: Path, report=lambda event: None) -> dict:
    """Train a model and put it into a store.

    Args:
        config: What to train.
        store: The folder of models to save to.
        folder: The run's folder, made if missing.
        report: Called with every event.

    Returns:
        The final event, with the model's card.

    Raises:
        DatasetError: Data is missing.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=2) + "\n", encoding="utf-8")
    parts, validation = _split(config)
    log = EventLog(folder, report)
    log.write("start", samples=int(sum(len(positions) for _, positions in parts)), validation=len(validation[1]))

    keras.utils.set_random_seed(config.seed)
    alphabet = parts[0][0].alphabet
    keras.mixed_precision.set_global_policy(config.precision)
    model = ARCHITECTURES[config.architecture].build(28, len(alphabet))
    _fit(model, config, parts, validation, log)
    # Rebuilt without mixed precision or optimizer: a third of the size, the same answers.
    keras.mixed_precision.set_global_policy("float32")
    finished = ARCHITECTURES[config.architecture].build(28, len(alphabet))
    finished.load_weights(folder / BEST)

    def classify(glyphs: np.ndarray) -> np.ndarray:
        return finished.predict(glyphs[..., None].astype(np.float32), batch_size=512, verbose=0)

    card = _card(config, [dataset for dataset, _ in parts], finished, log.history, classify)
    card["training"]["minutes"] = round((time.monotonic() - started) / 60, 1)
    card["validation"] = accuracy_figures(classify(validation[0]), validation[1], alphabet)
    save_model(store, config.name, card, _exports(finished))
    return log.write("end", model=config.name, card=card)


def _split(config: TrainingConfig) -> tuple[list[tuple[Dataset, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Training positions of each data set, and the validation glyphs and labels."""
    rng = np.random.default_rng(config.seed)
    parts, glyphs, labels = [], [], []
    for name in config.data:
        splits = ENTRIES[name].splits if name in ENTRIES else load(name).splits
        dataset = load(name, "train")
        if parts and dataset.alphabet != parts[0][0].alphabet:
            raise DatasetError(f"{name} and {config.data[0]} have different classes and cannot be trained on together")
        positions = rng.permutation(len(dataset))
        if config.limit:
            positions = positions[: config.limit]
        if "validation" in splits:
            held, held_positions = load(name, "validation"), None
        else:
            count = min(4000, len(positions) // 10)
            held, held_positions, positions = dataset, positions[:count], positions[count:]
        parts.append((dataset, positions))
        glyphs.append(glyphs_of(held, held_positions))
        labels.append(held.labels if held_positions is None else held.labels[held_positions])
    return parts, (np.concatenate(glyphs), np.concatenate(labels))


def _fit(model: keras.Model, config: TrainingConfig, parts, validation, log: EventLog) -> None:
    batches = AugmentedBatches(parts, config.batch, config.seed, Augmentation(), config.balance)
    steps = len(batches) * config.epochs
    warmup = min(500, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 20, steps - warmup, warmup_target=config.learning_rate, warmup_steps=warmup
    )
    # What is validated and saved is the weights' average over the last 500 steps (a tenth of a short run).
    momentum = 1 - 1 / min(500, max(steps / 10, 2))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-3, use_ema=True, ema_momentum=momentum)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"])
    glyphs, labels = validation
    held = (glyphs[..., None].astype(np.float32), keras.utils.to_categorical(labels, len(parts[0][0].alphabet)))
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model.fit(
        batches,
        epochs=config.epochs,
        validation_data=held,
        validation_batch_size=512,
        callbacks=[averaged, log],
        verbose=0,
    )


def _card(config: TrainingConfig, datasets: list[Dataset], model: keras.Model, history: list[dict], classify) -> dict:
    titles = {name: ENTRIES[name].title if name in ENTRIES else "a data set of the user's own" for name in config.data}
    best = max(history, key=lambda epoch: epoch["val_accuracy"])
    return {
        "name": config.name,
        "classes": list(datasets[0].alphabet),
        "preprocessing": VERSION,
        "architecture": {
            "name": config.architecture,
            "title": ARCHITECTURES[config.architecture].title,
            "source": ARCHITECTURES[config.architecture].source,
            "parameters": model.count_params(),
        },
        "data": [{"name": data.name, "title": titles[data.name], "licence": data.licence} for data in datasets],
        "training": asdict(config)
        | {
            "augmentation": asdict(Augmentation()),
            "best_epoch": best["epoch"],
            "chosen_by": "accuracy on validation samples split off the training part",
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        },
        "history": history,
        "held_out": held_out_figures(classify, datasets[0].alphabet, config.data),
    }


def held_out_figures(classify, alphabet: Alphabet, trained_on: tuple[str, ...]) -> dict[str, dict]:
    """Accuracy on the test parts of what it was trained on and of all handwriting of the same classes here, by name."""
    others = [entry.name for entry in ENTRIES.values() if entry.alphabet == alphabet and not entry.synthetic]
    figures = {}
    for name in dict.fromkeys([*trained_on, *others]):
        with contextlib.suppress(DatasetError):  # not on this machine, or without a test part
            figures[name] = evaluate(classify, load(name, "test"))
    return figures


def _exports(model: keras.Model) -> dict[str, bytes]:
    """The files of a stored model: Keras for training on, LiteRT for predicting."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return {"model.keras": path.read_bytes(), "model.tflite": converter.convert()}
