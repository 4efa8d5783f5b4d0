"""Connections whose requests httptools parses, in C, with the same clocks and limits.

httptools and uvloop are in the extra ``serve``; without them ``connections`` does the same work."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from glassformer.http.connections import LARGEST_HEAD, Clocks


class FastConnection(Clocks, HttpToolsProtocol):
    """One client's."""

    in_head = in_body = False
    head = 0
    """Bytes that have come of a head without its end."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.in_head:
            self.head += len(data)
            if self.head > LARGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")
        if self.cycle is not None or self.in_head:  # before its first byte the clock of the connection itself runs
            self.look_at_the_clock()

    def is_coming(self) -> bool:
        return self.in_head or self.in_body

    def is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def on_message_begin(self) -> None:
        self.in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:  # what stands behind a body in pieces is no header of the request
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.in_head, self.in_body, self.head = False, True, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_body = False
        super().on_message_complete()
