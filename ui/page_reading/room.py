"""How much room the browser has for a sheet: a component of the app's own that shows nothing."""

from collections.abc import Sequence

import streamlit as st

# The browser answers only where its answer changes: every answer runs the page again.
_room = st.components.v2.component(
    "hcr_room",
    html='<div class="room"></div>',
    js="""
export default function ({ data, parentElement, setStateValue }) {
  const room = parentElement.querySelector(".room");
  let said = data.width;
  const say = () => {
    const fits = data.widths.filter((width) => width <= room.clientWidth);
    const width = Math.max(...fits, Math.min(...data.widths));
    if (room.clientWidth && width !== said) setStateValue("width", (said = width));
  };
  const observer = new ResizeObserver(say);
  observer.observe(room);
  return () => observer.disconnect();
}""",
)


def room_for(widths: Sequence[int], first: int, key: str) -> int:
    """The widest that fits in the container this is called in, or the narrowest where none does.

    Args:
        widths: To choose from, in CSS pixels.
        first: The one to begin with, until the browser says otherwise.
        key: Name of the widget.
    """
    width = _said(key, widths) or first
    _room(data={"widths": list(widths), "width": width}, key=key, on_width_change=lambda: None)
    return width


def on_a_phone() -> bool:
    """Whether the browser says so: what is shown first is shown before it can tell how much room there is."""
    headers = st.context.headers
    return headers.get("Sec-Ch-Ua-Mobile") == "?1" or "Mobi" in headers.get("User-Agent", "")


def _said(key: str, widths: Sequence[int]) -> int | None:
    """What the browser answered, unless it is none of what was asked."""
    said = getattr(st.session_state.get(key), "width", None)
    return said if said in widths else None
