"""A visitor of the Recognize page without a browser: speaks Streamlit's protocol over its websocket.

What a browser does beyond that (drawing the page) is no work of the server. The protocol is
Streamlit's own ``BackMsg`` and ``ForwardMsg``.
"""

import base64
import json
import re
import time

import cv2
import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.strokes import render

SIDE = 340
_LETTER = re.compile(r'class="letter(?: blank)?">(.*?)</span>')


def drawing(label: str, rng: np.random.Generator) -> np.ndarray:
    """A character somewhere on the pad, uint8 (340, 340, 4) RGBA, opaque as the canvas sends it."""
    ink = render(pen_strokes(label), float(rng.integers(60, 120)))
    scale = rng.uniform(1.2, 2.0)
    ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = np.full((SIDE, SIDE, 4), 255, np.uint8)
    y, x = (int(rng.integers(4, SIDE - length - 4)) for length in ink.shape)
    image[y : y + ink.shape[0], x : x + ink.shape[1], :3] = (255 - ink)[..., None]
    return image


class Visitor:
    """One open page."""

    def __init__(self, port: int):
        self._url = f"ws://localhost:{port}/_stcore/stream"
        self._pad = self._fragment = ""

    async def arrive(self) -> float:
        """Open the page; returns the seconds until its script has ended."""
        started = time.perf_counter()
        self._socket = await connect(self._url, subprotocols=["streamlit"], max_size=None)
        message = BackMsg()
        message.rerun_script.query_string = ""
        await self._socket.send(message.SerializeToString())
        async for received in self._until_finished():
            element = received.delta.new_element
            if element.HasField("bidi_component") and "canvas" in element.bidi_component.component_name:
                self._pad, self._fragment = element.bidi_component.id, received.delta.fragment_id
        if not self._pad:
            raise RuntimeError("there is no pad on the page")
        return time.perf_counter() - started

    async def draw(self, image: np.ndarray) -> tuple[str, float]:
        """Send a drawing; returns the letter that the page shows then, and after how many seconds."""
        png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))[1].tobytes()
        url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        message, letter, seconds = BackMsg(), "", 0.0
        message.rerun_script.fragment_id = self._fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._pad
        state.json_value = json.dumps({"drawing": {"raw": {"objects": [{"type": "Path"}]}, "data": url}})
        started = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        async for received in self._until_finished():
            found = _LETTER.search(received.delta.new_element.html.body)
            if found:
                letter, seconds = found[1], time.perf_counter() - started
        return letter, seconds

    async def leave(self) -> None:
        """Close the page."""
        await self._socket.close()

    async def _until_finished(self):
        """Messages of the server until the script, or its fragment, has ended."""
        while True:
            received = ForwardMsg()
            received.ParseFromString(await self._socket.recv())
            yield received
            if received.WhichOneof("type") == "script_finished":
                return
