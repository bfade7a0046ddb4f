"""The words of a language and how frequent they are, to choose among readings that look nearly as good."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Languages there are words of, by their codes (ISO 639-1).
LANGUAGES = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
}
#: Longer words are not looked up.
LONGEST = 24


@dataclass(frozen=True)
class WordList:
    """Words of the letters a to z.

    Attributes:
        letters: By length the words, uint8 (n, length): 0 is an a, 25 a z.
        frequencies: By length the natural logarithm of each word's share of all that is written, float32 (n,).
    """

    letters: dict[int, np.ndarray]
    frequencies: dict[int, np.ndarray]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "WordList":
        """Of words and how often each was counted. Accents are taken off and apostrophes left out, as readers do;
        words with other signs are left out."""
        plain: defaultdict[str, int] = defaultdict(int)
        for word, count in counts.items():
            letters = _plain(word)
            if 1 < len(letters) <= LONGEST and letters.isascii() and letters.isalpha():
                plain[letters] += count
        total = float(sum(plain.values()))
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        for word in plain:
            by_length[len(word)].append(word)
        return cls(
            {n: np.frombuffer("".join(words).encode(), np.uint8).reshape(-1, n) - 97 for n, words in by_length.items()},
            {n: np.log([plain[word] / total for word in words]).astype(np.float32) for n, words in by_length.items()},
        )

    def best(self, scores: np.ndarray, weight: float) -> tuple[np.ndarray, float] | None:
        """The word that fits best.

        Args:
            scores: float (length, 26), how well every letter fits every place.
            weight: Of the frequencies' logarithms beside the scores.

        Returns:
            Its letters, uint8 (length,), and the logarithm of its share, times ``weight``; ``None`` without words
            of this length.
        """
        words = self.letters.get(len(scores))
        if words is None:
            return None
        shares = weight * self.frequencies[len(scores)]
        chosen = int((scores[np.arange(len(scores)), words].sum(axis=1) + shares).argmax())
        return words[chosen], float(shares[chosen])


def _plain(word: str) -> str:
    folded = word.casefold().replace("'", "")
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


@lru_cache(maxsize=len(LANGUAGES))
def word_list(language: str) -> WordList:
    """The words of a language of ``LANGUAGES``, counted in film subtitles (OpenSubtitles, by pyspellchecker).

    Raises ``ValueError`` for another language. The first time it takes a second or two.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no words of {language!r}: choose one of {', '.join(LANGUAGES)}")
    from spellchecker import SpellChecker

    return WordList.of(SpellChecker(language=language).word_frequency.dictionary)
