"""What validation samples set when ``models/characters`` has learnt: frequencies, temperatures, when to refuse."""

import keras
import numpy as np

from hcr_core.calibration import best_power, best_temperature, expected_calibration_error
from hcr_core.training.character_network import calibrate, disfavour


def tune(
    model: keras.Model, held: dict[str, tuple[np.ndarray, np.ndarray]], frequencies: np.ndarray, refused: float
) -> tuple[dict, list[np.ndarray]]:
    """Set how far what is drawn is freed from the scans' frequencies, and a temperature for each of the two.

    Args:
        model: A ``character_network``; it is changed.
        held: Glyphs, uint8 (n, 28, 28), and labels, int (n,), of scans and of what is drawn, in this order.
        frequencies: int (classes,), above 0: of the scans' classes.
        refused: Share of characters that lie below the threshold of what is refused.

    Returns:
        What the card tells of it, and the probabilities of each set, float32 (n, classes).
    """
    glyphs, labels = [*held.values()][1]
    power = best_power(answered(model, glyphs)["label"], labels, frequencies)
    disfavour(model, frequencies, power)
    answers = {data: answered(model, glyphs) for data, (glyphs, _) in held.items()}
    temperatures = {data: best_temperature(answers[data]["label"], labels) for data, (_, labels) in held.items()}
    calibrate(model, *temperatures.values())
    calibrated = {data: answered(model, glyphs)["label"] for data, (glyphs, _) in held.items()}
    errors = {data: _error(calibrated[data], labels) for data, (_, labels) in held.items()}
    # Each set counts the same, whatever its size.
    size = min(len(labels) for _, labels in held.values())
    written = np.concatenate([answer["character"][:size, 0] for answer in answers.values()])
    calibration = {"divided_by": temperatures, "error_in_validation": errors, "frequencies_to_the_power": power}
    refusal = {"threshold": round(float(np.quantile(written, refused)), 4), "refused_in_validation": refused}
    return {"calibration": calibration, "refusal": refusal}, list(calibrated.values())


def answered(model: keras.Model, glyphs: np.ndarray) -> dict[str, np.ndarray]:
    """Every output of a model by its name, float32 (n, ...), for glyphs, uint8 (n, 28, 28)."""
    return model.predict(glyphs[..., None].astype(np.float32), batch_size=512, verbose=0)


def _error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return round(expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels), 4)
