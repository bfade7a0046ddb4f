"""Words, lines and whole pages on the Recognize page."""
