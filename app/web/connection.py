"""A connection that does not wait for ever: not for a request's head, nor for the rest of a body that nobody reads.

Uvicorn closes a connection that is silent after an answer, but one that never said anything stays open, and so does one
whose bytes come now and then. Where a body is read, `app.web.guard` counts its seconds.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0  # a head is a packet or two, but browsers open connections before they need them


def limited(rest_s: float) -> type[H11Protocol]:
    """The kind of connection whose client has `HEAD_S` for a head, and `rest_s` seconds for what is left of a body once it
    was answered: a browser shows the answer when it has sent all."""

    class Limited(_Limited):
        waits = {h11.IDLE: HEAD_S, h11.SEND_BODY: rest_s}

    return Limited


class _Limited(H11Protocol):
    waits: dict[type, float]
    """Seconds by what is awaited of the client, as h11 calls its state."""
    _awaited: type | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        """Begin to count where it is the client's turn, and count on where the same is awaited as before."""
        our_turn = self.cycle is not None and not self.cycle.response_complete
        awaited = None if our_turn else self.conn.their_state
        if awaited is not self._awaited:
            self._stop()
            self._awaited = awaited
            if awaited in self.waits:
                self._timer = self.loop.call_later(self.waits[awaited], self._give_up)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._awaited = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        if self._awaited is h11.IDLE and self.conn.trailing_data[0]:
            self._say_too_slow()
        self.timeout_keep_alive_handler()

    def _say_too_slow(self) -> None:
        """There is no request that the application could answer."""
        sentence = f"The head of a request must arrive within {HEAD_S:g} s, and yours had not.".encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(sentence))),
            ("Connection", "close"),
        ]
        response = h11.Response(status_code=408, headers=headers, reason="Request Timeout")
        for event in (response, h11.Data(data=sentence), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
