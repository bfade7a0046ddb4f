"""How a model bears what drawings and photos do to a character: each change in steps, through the app's own path."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_core.alphabet import restricted
from hcr_core.datasets import Dataset
from hcr_core.datasets.strokes import render
from hcr_core.evaluation import accuracy_figures
from hcr_core.matching import Match
from hcr_core.preprocessing import GLYPH_SIZE, image_to_glyph

#: Of what the changes do; curves kept of another version are measured anew.
VERSION = 1
#: The sheet a character is put on, in pixels: the app's drawing pad.
SHEET = 340
#: Longer side of an unchanged character on it, and the width of its pen in thousandths of that.
_SIDE, _PEN = 170, 70

#: Ink, uint8 (h, w), and how strong the change is, to other ink; or a sheet, uint8 (SHEET, SHEET), to another.
Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Perturbation:
    """One way in which a character can differ from what a model was trained on.

    Attributes:
        title: What it is, in words.
        unit: Of the levels.
        levels: From none to more than can be asked for.
        on_ink: Changes the ink before it is put on the sheet, or ``None``.
        on_sheet: Changes the sheet with the character on it, or ``None``.
    """

    title: str
    unit: str
    levels: tuple[float, ...]
    on_ink: Change | None = None
    on_sheet: Change | None = None


def _rotated(ink: np.ndarray, degrees: float, rng: np.random.Generator) -> np.ndarray:
    side = int(np.ceil(np.hypot(*ink.shape)))
    matrix = cv2.getRotationMatrix2D(((ink.shape[1] - 1) / 2, (ink.shape[0] - 1) / 2), rng.choice((-1, 1)) * degrees, 1)
    matrix[:, 2] += (side - ink.shape[1]) / 2, (side - ink.shape[0]) / 2
    return cv2.warpAffine(ink, matrix, (side, side))


def _scaled(ink: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    return cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)


def _thickened(ink: np.ndarray, thousandths: float, rng: np.random.Generator) -> np.ndarray:
    """Wider or, below 0, thinner strokes, by thousandths of the character's side."""
    change = round(abs(thousandths) * max(ink.shape) / 1000)
    if not change:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (change + 1, change + 1))
    return (
        cv2.dilate(cv2.copyMakeBorder(ink, *[change] * 4, cv2.BORDER_CONSTANT), kernel)
        if thousandths > 0
        else (cv2.erode(ink, kernel))
    )


def _broken(ink: np.ndarray, gaps: float, rng: np.random.Generator) -> np.ndarray:
    """Ink with so many gaps across its strokes, a stroke wide each."""
    broken = ink.copy()
    places = np.argwhere(ink > 128)
    for y, x in places[rng.integers(0, len(places), int(gaps))]:
        cv2.circle(broken, (int(x), int(y)), max(1, _SIDE * _PEN // 2000), 0, -1)
    return broken


def _covered(ink: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """With a part of its box, of the same proportions and somewhere in it, covered by paper (Zeiler, Fergus 2014)."""
    covered = ink.copy()
    height, width = (round(length * np.sqrt(share / 100)) for length in ink.shape)
    top, left = rng.integers(0, ink.shape[0] - height + 1), rng.integers(0, ink.shape[1] - width + 1)
    covered[top : top + height, left : left + width] = 0
    return covered


def _speckled(sheet: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Specks of one to three pixels on paper and ink alike, on so many per cent of the pixels."""
    size = SHEET // 2
    specks = cv2.resize((rng.random((size, size)) < share / 100).astype(np.uint8), (SHEET, SHEET), interpolation=0)
    return np.where(specks, 255 - sheet, sheet).astype(np.uint8)


def _shifted(sheet: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Moved in a random direction by a share of the sheet; what leaves it is gone."""
    angle = rng.uniform(0, 2 * np.pi)
    matrix = np.float32([[1, 0, share * SHEET * np.cos(angle)], [0, 1, share * SHEET * np.sin(angle)]])
    return cv2.warpAffine(sheet, matrix, (SHEET, SHEET), borderValue=255)


def _faded(sheet: np.ndarray, contrast: float, rng: np.random.Generator) -> np.ndarray:
    return np.round(255 - (255.0 - sheet) * contrast / 100).astype(np.uint8)


def _noisy(sheet: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """With the noise of a camera: normal, so many gray levels."""
    return (40 + sheet * (180 / 255) + rng.normal(0, max(deviation, 1e-6), sheet.shape)).clip(0, 255).astype(np.uint8)


def _blurred(sheet: np.ndarray, pixels: float, rng: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(sheet, (0, 0), pixels) if pixels else sheet


PERTURBATIONS = {
    "rotation": Perturbation("turned either way", "degrees", (0, 5, 10, 15, 20, 30, 45), on_ink=_rotated),
    "scale": Perturbation("smaller or larger", "times", (0.1, 0.25, 0.5, 1, 1.5, 2), on_ink=_scaled),
    "shift": Perturbation("off the middle", "of the sheet", (0, 0.05, 0.1, 0.15, 0.2, 0.25), on_sheet=_shifted),
    "stroke": Perturbation(
        "thinner or wider strokes", "‰ of the height", (-50, -25, 0, 50, 100, 150), on_ink=_thickened
    ),
    "gaps": Perturbation("broken strokes", "gaps", (0, 1, 2, 4, 8, 16), on_ink=_broken),
    "occlusion": Perturbation("partly covered", "% of its box", (0, 10, 20, 30, 40, 60), on_ink=_covered),
    "specks": Perturbation("speckled", "% of the pixels", (0, 0.1, 0.3, 1, 3, 10), on_sheet=_speckled),
    "contrast": Perturbation("pale ink", "% contrast", (100, 60, 30, 20, 10, 5), on_sheet=_faded),
    "noise": Perturbation("a camera's noise", "gray levels", (0, 5, 10, 20, 30, 45), on_sheet=_noisy),
    "blur": Perturbation("out of focus", "pixels of 170", (0, 2, 4, 6, 9, 13), on_sheet=_blurred),
}


def perturbed(ink: np.ndarray, perturbation: Perturbation, level: float, rng: np.random.Generator) -> np.ndarray:
    """A character on a sheet of paper after a change, uint8 (340, 340), dark on light.

    Args:
        ink: uint8 (h, w), 255 for full ink, of any size.
        perturbation: What changes.
        level: How much, in its unit.
        rng: Chance.
    """
    scale = _SIDE / max(ink.shape)
    ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    if perturbation.on_ink:
        ink = perturbation.on_ink(ink, level, rng)
    sheet = np.full((SHEET, SHEET), 255, np.uint8)
    height, width = (min(length, SHEET) for length in ink.shape)
    top, left = (SHEET - height) // 2, (SHEET - width) // 2
    sheet[top : top + height, left : left + width] = 255 - ink[:height, :width]
    return perturbation.on_sheet(sheet, level, rng) if perturbation.on_sheet else sheet


@dataclass(frozen=True)
class Changed:
    """Characters after a change of one strength, as a model sees them.

    Attributes:
        level: How strong it was.
        glyphs: uint8 (n, 28, 28); empty where nothing was found on the sheet.
        found: bool (n,).
    """

    level: float
    glyphs: np.ndarray
    found: np.ndarray


def changed_glyphs(
    dataset: Dataset,
    positions: np.ndarray,
    perturbation: Perturbation,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Changed]:
    """The images at ``positions`` at each level of a change, through the app's own path.

    Images that are only kept as 28x28 glyphs are enlarged first, pen strokes are drawn anew.

    Args:
        dataset: Where the images are from.
        positions: int (n,): which of them.
        perturbation: One of ``PERTURBATIONS``.
        seed: Of all chance: the same for every model that is compared.
        progress: Called with the share that is done, some times a second.
    """
    changed, blank = [], np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    for i, level in enumerate(perturbation.levels):
        rng = np.random.default_rng([seed, i])
        glyphs = []
        for done, position in enumerate(positions):
            glyphs.append(image_to_glyph(perturbed(_ink(dataset, position), perturbation, level, rng)))
            if done % 50 == 49:
                progress((i + done / len(positions)) / len(perturbation.levels))
        found = np.array([glyph is not None for glyph in glyphs])
        changed.append(Changed(level, np.stack([blank if glyph is None else glyph for glyph in glyphs]), found))
    progress(1.0)
    return changed


def level_figures(
    classify: Callable[[np.ndarray], np.ndarray], changed: Changed, match: Match
) -> dict[str, float | int]:
    """``accuracy_figures`` of ``changed_glyphs`` of the match's positions, with ``level``.

    Characters in which nothing was found count as wrong.
    """
    found = changed.found
    shares = restricted(classify(changed.glyphs), match.allowed)
    # Of classes that the model does not know, none of its answers is right.
    padded = np.pad(shares, ((0, 0), (0, len(match.alphabet) - shares.shape[1])))
    right = accuracy_figures(padded[found], match.labels[found], match.alphabet) if found.any() else {}
    share = float(found.mean())
    return {"level": changed.level, "images": len(found)} | {
        name: round(right.get(name, 0.0) * share, 4) for name in ("accuracy", "top2", "folded", "shape")
    }


def curve(
    classify: Callable[[np.ndarray], np.ndarray],
    dataset: Dataset,
    match: Match,
    perturbation: Perturbation,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[dict[str, float | int]]:
    """``level_figures`` at each level of a change.

    Args:
        classify: Glyphs to probabilities of the model's classes.
        dataset: Where the images are from.
        match: Which of them, and which classes may be answered.
        perturbation: One of ``PERTURBATIONS``.
        seed: Of all chance: the same for every model that is compared.
        progress: Called with the share that is done.
    """
    levels = changed_glyphs(dataset, match.positions, perturbation, seed, progress)
    return [level_figures(classify, changed, match) for changed in levels]


def example_sheets(dataset: Dataset, position: int, perturbation: Perturbation, seed: int = 0) -> list[np.ndarray]:
    """One image at each level of a change, uint8 (340, 340), dark on light."""
    ink = _ink(dataset, position)
    return [
        perturbed(ink, perturbation, level, np.random.default_rng([seed, i]))
        for i, level in enumerate(perturbation.levels)
    ]


def _ink(dataset: Dataset, position: int) -> np.ndarray:
    """The ink of a sample, uint8 (h, w), without margins."""
    strokes = dataset.strokes[int(position)] if dataset.strokes is not None else []
    if strokes:
        return render(strokes, _PEN)
    image = np.asarray(dataset.images[position])
    rows, columns = np.flatnonzero(image.max(axis=1) > 40), np.flatnonzero(image.max(axis=0) > 40)
    if not len(rows):
        return image
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # Enlarged with soft edges and made hard again: a glyph's own blur is no stroke's edge.
    large = cv2.resize(cut, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    return cv2.convertScaleAbs(large.astype(np.float32).clip(96, 160) - 96, alpha=255 / 64)
