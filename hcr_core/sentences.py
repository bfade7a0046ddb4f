"""Texts from files and strangers within messages: in one line, of a bearable length, without control characters."""

#: Characters of a message; a path can have 4,096 of them, a cell of a table millions.
MOST = 600


def one_line(text: str, most: int = MOST) -> str:
    """A text that a terminal, a log and a page can show whatever it is made of.

    What is not printable (line ends, escape sequences, marks that turn the direction of writing, halves of
    characters) is written as Python writes it, and a long text loses its middle.

    >>> one_line("two\\nlines")
    'two\\\\nlines'
    """
    if len(text) > most:
        text = f"{text[: most // 2]} ... {text[-most // 2 :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class OneLineError(ValueError):
    """An error whose message is a sentence for the person before the screen."""

    def __init__(self, message: object = ""):
        super().__init__(one_line(str(message)))
