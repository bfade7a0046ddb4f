"""Teaching it one's hand: marking answers, writing sheets, what was collected, and adapting to it."""
