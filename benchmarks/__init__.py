"""Measurements; each module prints the figures that the README or a card shows."""
