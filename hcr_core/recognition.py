"""Reading: glyphs to probabilities, images to labelled characters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from hcr_core.alphabet import Alphabet, restricted
from hcr_core.inference import Network
from hcr_core.model_store import LITERT, QUICK, ModelError, StoredModel, open_model
from hcr_core.page_reading import FoundCharacter, FoundWord, Steps, read_page
from hcr_core.preprocessing import GLYPH_SIZE, VERSION, Box, extract_character, ink_to_glyph
from hcr_core.word_list import WordList, word_list

#: What may be on an image; ``"auto"`` is one character where no more are found, else a page.
LAYOUTS = ("auto", "character", "word", "line", "page")
#: Below this summed probability of the answer's look-alikes the answer is called unsure.
SURE = 0.6
#: One straight stroke, which may be a line and no character, is not refused if the classes of its shape have this
#: probability together, and being a character this one: of the validation writers' 9 % were refused, now 1 %.
_STROKE, _STROKE_SURE, _STROKE_WRITTEN = frozenset("1Il"), 0.9, 0.5


@dataclass(frozen=True)
class Character:
    """One character as it was read.

    Attributes:
        label: The most probable class.
        probability: Its probability, 0-1, among the classes allowed.
        candidates: All classes allowed with their probabilities, best first.
        box: Where it stands, in pixels of the image.
        glyph: uint8 (28, 28): what the model saw.
        lookalikes: Labels among the candidates whose isolated shape is that of ``label``.
        written: Probability that this is a character at all; 1 where the model cannot tell.
        refused: Whether ``written`` is below what the model's card asks for: probably not a character.
        read_as: What was read before a person corrected it (see ``reading_corrections``), else ``None``.
    """

    label: str
    probability: float
    candidates: tuple[tuple[str, float], ...]
    box: Box
    glyph: np.ndarray
    lookalikes: tuple[str, ...]
    written: float = 1.0
    refused: bool = False
    read_as: str | None = None

    @property
    def shape_probability(self) -> float:
        """Probability of the label or one of its look-alikes."""
        return sum(p for label, p in self.candidates if label == self.label or label in self.lookalikes)

    @property
    def sure(self) -> bool:
        """Whether the shape, if not the case, is clear, or a person said what it is."""
        return self.read_as is not None or self.shape_probability >= SURE

    def to_dict(self) -> dict:
        """``{"label", "probability", "box", "candidates"}``, ``"refused": true`` of what seems no character, and
        ``"read_as"`` of what was corrected."""
        found = {
            "label": self.label,
            "probability": round(self.probability, 6),
            "box": _numbers(self.box),
            "candidates": [[label, round(p, 6)] for label, p in self.candidates],
        }
        if self.read_as is not None:
            found["read_as"] = self.read_as
        return found | ({"refused": True} if self.refused else {})


@dataclass(frozen=True)
class Word:
    """Characters that belong together.

    Attributes:
        characters: From left to right.
        joined: Whether it looks written without lifting the pen: joined-up hands are read badly.
        before: What was read before a language's words were asked, where that changed it.
    """

    characters: tuple[Character, ...]
    joined: bool = False
    before: str | None = None

    @property
    def text(self) -> str:
        return "".join(character.label for character in self.characters)

    @property
    def box(self) -> Box:
        return _around([character.box for character in self.characters])

    def to_dict(self) -> dict:
        characters = [character.to_dict() for character in self.characters]
        found = {"text": self.text, "box": _numbers(self.box), "joined": self.joined, "characters": characters}
        return found if self.before is None else found | {"before": self.before}


@dataclass(frozen=True)
class Line:
    """Words from left to right."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        return _around([word.box for word in self.words])

    def to_dict(self) -> dict:
        return {"text": self.text, "box": _numbers(self.box), "words": [word.to_dict() for word in self.words]}


@dataclass(frozen=True)
class Reading:
    """What was read on an image; nothing written is a reading without lines."""

    lines: tuple[Line, ...]
    model: str

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def characters(self) -> tuple[Character, ...]:
        return tuple(c for line in self.lines for word in line.words for c in word.characters)

    def changed(self, change: Callable[[int, Character], Character | None]) -> "Reading":
        """A reading whose characters went through ``change``, with their positions in ``characters``;
        without those that became ``None``, and without words and lines that have no others."""
        position, lines = count(), []
        for line in self.lines:
            words = []
            for word in line.words:
                characters = [change(next(position), character) for character in word.characters]
                words.append(replace(word, characters=tuple(c for c in characters if c is not None)))
            lines.append(Line(tuple(word for word in words if word.characters)))
        return replace(self, lines=tuple(line for line in lines if line.words))

    def to_dict(self) -> dict:
        """``{"text", "model", "characters": [{"label", "probability", "box", "candidates"}]}``.

        Boxes are left, top, width and height.
        """
        return {
            "text": self.text,
            "model": self.model,
            "characters": [character.to_dict() for character in self.characters],
        }

    def lines_to_dict(self) -> dict:
        """``{"text", "model", "lines": [{"text", "box", "words": [{"text", "box", "joined", "characters"}]}]}``, and
        of words ``"before"`` where a language's words changed what was read."""
        return {"text": self.text, "model": self.model, "lines": [line.to_dict() for line in self.lines]}


def _numbers(box: Box) -> list[int]:
    return [box.x, box.y, box.width, box.height]


def _around(boxes: list[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


class Recognizer:
    """A model of the store, ready to read. May be shared by threads.

    >>> recognizer = Recognizer.load()
    >>> recognizer.classify(np.zeros((2, 28, 28), np.uint8)).shape
    (2, 62)
    """

    def __init__(self, model: StoredModel):
        version = model.card.get("preprocessing")
        if version != VERSION:
            raise ModelError(f"model {model.name} was trained with preprocessing {version}; this is {VERSION}")
        self.name = model.name
        self.card = model.card
        self.alphabet: Alphabet = model.alphabet
        # Least probability of being a character at all that is not refused.
        self._least_written = float(model.card.get("refusal", {}).get("threshold", 0.0))
        self._stroke = np.array([label in _STROKE for label in self.alphabet])
        try:
            self._network = Network(model.read(LITERT))
            self._quick = Network(model.read(QUICK)) if QUICK in model.card["files"] else self._network
            for network in {self._network, self._quick}:
                self._judged(np.zeros((1, GLYPH_SIZE, GLYPH_SIZE), np.uint8), network)
        except (RuntimeError, ValueError, KeyError) as error:
            raise ModelError(f"model {model.name}: its network cannot be loaded ({error})") from None

    @classmethod
    def load(cls, name: str = "characters") -> "Recognizer":
        """A model by its name in the store; raises ``ModelError``."""
        return cls(open_model(name))

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        """Probabilities of every class.

        Args:
            glyphs: uint8 (n, 28, 28), white ink on black.

        Returns:
            float32 (n, classes), rows that add up to 1.

        Raises:
            ValueError: Another shape or dtype.
        """
        return self.judge(glyphs)[0]

    def judge(self, glyphs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``classify``, and how likely each glyph is a character at all.

        Args:
            glyphs: uint8 (n, 28, 28), white ink on black.

        Returns:
            Probabilities, float32 (n, classes), and float32 (n,), 1 for a model that cannot tell.

        Raises:
            ValueError: Another shape or dtype.
        """
        return self._judged(glyphs, self._network)

    def judge_quickly(self, glyphs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``judge`` for the hundreds of glyphs of a page: by the network with weights of 8 bits, if the model has it.

        The shipped one takes about a quarter of the time, and gives the same answer for 997 to 999 of 1,000 glyphs (see
        ``benchmarks.held_out``).
        """
        return self._judged(glyphs, self._quick)

    def _judged(self, glyphs: np.ndarray, network: Network) -> tuple[np.ndarray, np.ndarray]:
        glyphs = np.asarray(glyphs)
        if glyphs.dtype != np.uint8 or glyphs.ndim != 3 or glyphs.shape[1:] != (GLYPH_SIZE, GLYPH_SIZE):
            raise ValueError(f"glyphs are uint8 (n, {GLYPH_SIZE}, {GLYPH_SIZE}), not {glyphs.dtype} {glyphs.shape}")
        outputs = {output.shape[-1]: output for output in network.run({"glyph": glyphs[..., None]})}
        # A model may have a second output: the probability that a glyph is a character at all.
        written = outputs[1][:, 0] if len(outputs) > 1 else np.ones(len(glyphs), np.float32)
        return outputs[len(self.alphabet)], written

    def refused(self, probabilities: np.ndarray, written: np.ndarray) -> np.ndarray:
        """Which glyphs are probably no characters, bool (n,): of what ``judge`` says of them."""
        doubted = written < self._least_written
        if not doubted.any():
            return doubted
        stroke = (probabilities[:, self._stroke].sum(axis=1) >= _STROKE_SURE) & (written >= _STROKE_WRITTEN)
        return doubted & ~stroke

    def read(
        self,
        image: np.ndarray,
        layout: str = "character",
        alphabet: str | Iterable[str] | None = None,
        steps: Steps | None = None,
        language: str | None = None,
        *,
        upright: bool = False,
    ) -> Reading:
        """Read what is written on an image.

        Args:
            image: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.
            layout: ``"character"``: one character somewhere on the sheet; ``"word"``: all ink is one
                word; ``"line"``: it is one line of words, upright; ``"page"``: lines of words, however
                the page lies; ``"auto"``: one character where no more are found, else a page.
            alphabet: Classes to choose from: one of ``alphabet.KINDS``, or a list of labels; all if ``None``.
            steps: Filled with the images of each step, unless the layout is ``"character"``.
            language: One of ``word_list.LANGUAGES``: its words are preferred to others that look nearly as good;
                without it what stands there is read letter by letter. Single characters and numbers are not changed.
            upright: Whether a page is known to lie as it should, as one drawn on a screen.

        Returns:
            The reading, without characters where nothing is written.

        Raises:
            ImageError: Not an image array.
            AlphabetError: A choice of classes this model does not know.
            ValueError: An unknown layout or language.
        """
        if layout not in LAYOUTS:
            raise ValueError(f"unknown layout {layout!r}: choose one of {', '.join(LAYOUTS)}")
        allowed = self.alphabet.select(alphabet)
        if layout == "character":
            return self._read_character(image, allowed)
        words = None if language is None else word_list(language)
        reading = self._read_page(image, allowed, layout, steps, words, upright)
        # One character over another is the dot of an i, or a 5 and its bar.
        stacked = reading is not None and len(reading.lines) == len(reading.characters) == 2
        if reading is None or (layout == "auto" and (stacked or len(reading.characters) < 2)):
            return self._read_character(image, allowed)
        return reading

    def _read_character(self, image: np.ndarray, allowed: np.ndarray) -> Reading:
        ink = extract_character(image)
        if ink is None:
            return Reading((), self.name)
        glyph = ink_to_glyph(ink.map)
        probabilities, written = self.judge(glyph[None])
        refused = bool(self.refused(probabilities, written)[0])
        character = self._character(probabilities[0], allowed, ink.box, glyph, float(written[0]), refused)
        return Reading((Line((Word((character,)),)),), self.name)

    def _read_page(
        self,
        image: np.ndarray,
        allowed: np.ndarray,
        layout: str,
        steps: Steps | None,
        words: WordList | None,
        upright: bool,
    ) -> Reading | None:
        how = {"layout": layout, "words": words, "steps": steps, "upright": upright}
        found = read_page(image, self.judge_quickly, self.alphabet, allowed, **how)
        if found is None:
            return None
        return Reading(tuple(Line(tuple(self._word(word, allowed) for word in line)) for line in found), self.name)

    def _word(self, found: FoundWord, allowed: np.ndarray) -> Word:
        return Word(tuple(self._found(c, allowed) for c in found.characters), found.joined, found.before)

    def _found(self, found: FoundCharacter, allowed: np.ndarray) -> Character:
        likelihoods = np.exp(found.scores - found.scores.max())
        return self._character(likelihoods, allowed, found.box, found.glyph)

    def _character(
        self,
        probabilities: np.ndarray,
        allowed: np.ndarray,
        box: Box,
        glyph: np.ndarray,
        written: float = 1.0,
        refused: bool = False,
    ) -> Character:
        shares = restricted(probabilities, allowed)
        order = np.argsort(-shares, kind="stable")
        order = order[allowed[order]]
        labels = map(self.alphabet.labels.__getitem__, order.tolist())
        candidates = tuple(zip(labels, shares[order].tolist(), strict=True))
        label, probability = candidates[0]
        lookalikes = tuple(other for other in self.alphabet.lookalikes(label) if allowed[self.alphabet.index(other)])
        return Character(label, probability, candidates, box, glyph, lookalikes, written, refused)
