"""What adapting brought, in a sentence."""

from ui.reading import plain
from ui.shares import precisely


def in_a_sentence(card: dict) -> str:
    """How an adapted model reads the hand and others before and after, by its card; empty for other models."""
    told = card.get("adaptation")
    if not told:
        return ""
    held = told["held_back"]
    parts = [
        f"Of {held['images']} samples of this hand that were held back, **{plain(told['base'])}** read "
        f"{precisely(held['before'])} right, the adapted model reads **{precisely(held['after'])}**"
    ]
    for name, before in told.get("before", {}).items():
        after = card.get("held_out", {}).get(name)
        if after:
            parts.append(f"{plain(name)}: {precisely(before['accuracy'])} before, {precisely(after['accuracy'])} now")
    return "; ".join(parts) + "."
