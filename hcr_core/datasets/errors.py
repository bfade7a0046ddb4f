"""What goes wrong with data, in one sentence for the person who brought it."""

from hcr_core.sentences import OneLineError


class DatasetError(OneLineError):
    """A data set that is missing or cannot be read; the message names the file and the reason."""
