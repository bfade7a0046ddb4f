"""What a model gains by adapting to a single hand, and what it forgets: UNIPEN's held-out writers.

Of every writer three samples of each character are learned from, the others are read. Run:
``HCR_DATA_DIR=... python -m benchmarks.adaptation [--part validation] [--without-data] [--model characters]``.
The recipe was chosen on ``--part validation``; the test writers are for telling what it gives.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from hcr_core.datasets import Dataset, load
from hcr_core.evaluation import glyphs_of
from hcr_core.model_store import StoredModel, open_model
from hcr_core.training import adaptation
from hcr_core.training.adaptation_data import adaptation as adapting
from hcr_core.training.adaptation_data import rehearsed
from hcr_core.training.data import Part, TrainingData

#: Samples of each character that are learned from; a writer with fewer others than these tells little.
LEARNED, LEAST_OTHERS = 3, 20


def divided(dataset: Dataset, writer: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions of three samples of each of a writer's characters, and of all others."""
    rows = np.random.default_rng(1).permutation(np.flatnonzero(dataset.writers == writer))
    seen: dict[int, int] = {}
    learned = []
    for row in rows:
        label = int(dataset.labels[row])
        seen[label] = seen.get(label, 0) + 1
        learned.append(seen[label] <= LEARNED)
    return rows[np.array(learned)], rows[~np.array(learned)]


def adapted(model: StoredModel, dataset: Dataset, learned: np.ndarray, others: np.ndarray, kept: list[Part], rate=None):
    """A trainer after the whole recipe, as the app runs it; ``rate``: another learning rate."""
    config = adapting("benchmark", model.name)
    config = replace(config, recipe=replace(config.recipe, learning_rate=rate or config.recipe.learning_rate))
    data = TrainingData(model.alphabet, [(dataset, learned)], glyphs_of(dataset, others), dataset.labels[others], kept)
    batches, trainer = adaptation.prepared(config, data)
    for epoch in range(1, config.recipe.epochs + 1):
        for images, labels in batches.epoch(epoch):
            trainer.step(images, labels, len(labels))
    trainer.refresh()
    return trainer


def wrong(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) != labels).mean())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", default="test", choices=("validation", "test"))
    parser.add_argument("--model", default="characters")
    parser.add_argument("--without-data", action="store_true", help="as on a machine without the original data")
    parser.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    parser.add_argument("--results", type=Path, help="a file of lines to go on from, when this is done in several goes")
    parser.add_argument("--images", type=int, default=0, help="of emnist62's test part (default: all)")
    options = parser.parse_args()
    model, hands, standard = open_model(options.model), load("unipen", options.part), load("emnist62", "test")
    kept = rehearsed({} if options.without_data else model.card)
    some = np.sort(np.random.default_rng(0).permutation(len(standard))[: options.images or None])
    glyphs, labels = glyphs_of(standard, some), standard.labels[some]
    results = _Results(options.results)
    before = None
    print(f"{'writer':<24} {'learned':>7} {'others':>6} {'wrong before':>12} {'after':>6} {'emnist62':>9} {'time':>6}")
    for writer in np.unique(hands.writers):
        learned, others = divided(hands, writer)
        if len(others) < LEAST_OTHERS or writer in results.rows:
            continue
        started = time.monotonic()
        trainer = adapted(model, hands, learned, others, kept, options.learning_rate)
        seconds = time.monotonic() - started
        if before is None:
            before = wrong(trainer.remembered(glyphs), labels)
        own, truth = glyphs_of(hands, others), hands.labels[others]
        was, now = wrong(trainer.remembered(own), truth), wrong(trainer.classify(own), truth)
        change = before - wrong(trainer.classify(glyphs), labels)
        results.add(writer, len(others), was, now, change, before)
        print(
            f"{writer:<24} {len(learned):>7} {len(others):>6} {was:>12.1%} {now:>6.1%} {100 * change:>+9.2f} "
            f"{seconds:>4.0f} s",
            flush=True,
        )
    _summary(np.array(list(results.rows.values())))


class _Results:
    """Figures by writer, kept in a file if there is one."""

    def __init__(self, path: Path | None):
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        self.rows: dict[str, list[float]] = dict(map(json.loads, lines))

    def add(self, writer: str, *figures: float) -> None:
        self.rows[str(writer)] = [float(figure) for figure in figures]
        if self._path is not None:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps([str(writer), self.rows[str(writer)]]) + "\n")


def _summary(rows: np.ndarray) -> None:
    images, was, now, change, before = rows.T
    print(f"{len(rows)} writers")
    for name, weights in (("mean of the writers", np.ones(len(rows))), ("all their samples", images)):
        a, b = np.average(was, weights=weights), np.average(now, weights=weights)
        print(f"{name}: {a:.1%} wrong before, {b:.1%} after: {1 - b / a:.0%} fewer")
    average, worst = 100 * change.mean(), 100 * change.min()
    print(f"emnist62: {1 - before[0]:.2%} right before, {average:+.2f} points on average, worst {worst:+.2f}")


if __name__ == "__main__":
    main()
