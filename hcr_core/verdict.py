"""Whether a page was read well enough to be taken for what is written on it."""

from hcr_core.recognition import Reading

#: From so many characters on, most of them unsure says something of the writing, not of one letter.
_CHARACTERS = 10
#: As many joined words, where most are.
_WORDS = 3
_WHY = "happens with joined-up or faint writing and with letters the model does not know"


def verdict(reading: Reading) -> str | None:
    """A sentence where most of a reading cannot be relied on, with the reason; else ``None``."""
    words = [word for line in reading.lines for word in line.words]
    joined = sum(word.joined for word in words)
    unsure = sum(not character.sure for character in reading.characters)
    many, cursive = len(reading.characters), joined >= _WORDS and 2 * joined > len(words)
    if many >= _CHARACTERS and 2 * unsure > many:
        why = "most words look joined up" if cursive else _WHY
        said = f"This was mostly not read well: {unsure} of {many} characters are unsure, as {why}."
        changed = any(word.before is not None for word in words)
        return said + (" Words of the language make it look more like text than it is." if changed else "")
    if cursive:
        return f"This was probably not read well: {joined} of {len(words)} words look joined up."
    return None
