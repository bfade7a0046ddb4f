"""Curves of accuracy against a change, kept on disk like all that models answered (``evaluation_results``)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from hcr_core.datasets import Dataset
from hcr_core.evaluation_results import fingerprint, load_result, result_key, save_result
from hcr_core.matching import Match, match
from hcr_core.recognition import Recognizer
from hcr_core.robustness import PERTURBATIONS, VERSION, changed_glyphs, level_figures

#: ``level`` and shares of right answers (see ``evaluation.accuracy_figures``), float64 (levels,) each.
Curve = dict[str, np.ndarray]
_SEED = 0
_FIGURES = ("level", "accuracy", "top2", "folded", "shape")


def sampled(matched: Match, images: int) -> Match:
    """At most so many of the images, the same ones for every model."""
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(matched.positions))[:images])
    return replace(matched, positions=matched.positions[chosen], labels=matched.labels[chosen])


def measured_curves(
    readers: Mapping[str, Recognizer],
    dataset: Dataset,
    change: str,
    images: int,
    kind: str = "all",
    *,
    all_classes: bool = False,
    progress: Callable[[float], None] = lambda fraction: None,
) -> dict[str, Curve]:
    """Accuracy of models at each level of a change, measured on the same changed images, or remembered.

    Args:
        readers: Models by their names.
        dataset: The images.
        change: One of ``PERTURBATIONS``.
        images: At most so many of the data set's.
        kind: See ``matching.match``; ``all_classes`` likewise.
        progress: Called with the share that is done.

    Raises:
        DatasetError: There is nothing to read for one of the models.
    """
    perturbation, known = PERTURBATIONS[change], fingerprint(dataset)
    question = ("change", VERSION, change, perturbation.levels, images, kind, all_classes)
    keys = {name: result_key(reader, known, *question) for name, reader in readers.items()}
    curves = {name: kept for name, key in keys.items() if (kept := load_result(key)) is not None and _whole(kept)}
    missing = [name for name in readers if name not in curves]
    if missing:
        matches = {
            name: sampled(match(readers[name].alphabet, dataset, kind, all_classes=all_classes), images)
            for name in missing
        }
        # The images are chosen by their labels alone, so every model is shown the same ones.
        changed = changed_glyphs(dataset, matches[missing[0]].positions, perturbation, _SEED, progress)
        for name in missing:
            rows = [level_figures(readers[name].classify, level, matches[name]) for level in changed]
            curves[name] = {figure: np.array([row[figure] for row in rows], float) for figure in _FIGURES}
            save_result(keys[name], **curves[name])
    return {name: curves[name] for name in readers}


def _whole(curve: Curve) -> bool:
    return set(_FIGURES) <= set(curve)
