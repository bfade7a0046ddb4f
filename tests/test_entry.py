import asyncio
import socket
from asyncio import base_events

from ui.entry import send_at_once


async def _waits_for_acknowledgements() -> bool:
    """Whether what is sent over a socket that was bound as Streamlit binds its own is kept back."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        kept_back = asyncio.get_running_loop().create_future()

        def connected(_, writer: asyncio.StreamWriter) -> None:
            option = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            kept_back.set_result(not option)
            writer.close()

        async with await asyncio.start_server(connected, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            found = await kept_back
            writer.close()
            return found


def test_small_answers_leave_at_once(monkeypatch):
    monkeypatch.setattr(base_events, "_set_nodelay", base_events._set_nodelay)
    assert asyncio.run(_waits_for_acknowledgements())
    send_at_once()
    assert not asyncio.run(_waits_for_acknowledgements())


def test_a_python_that_does_it_otherwise_is_left_alone(monkeypatch):
    monkeypatch.delattr(base_events, "_set_nodelay")
    send_at_once()
    assert not hasattr(base_events, "_set_nodelay")
