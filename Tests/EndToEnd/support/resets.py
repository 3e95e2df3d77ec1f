"""Ends a connection with a reset instead of an end; for clients, and for backends that run as scripts."""

from __future__ import annotations

import asyncio
import socket
import struct

NO_LINGER = struct.pack("ii", 1, 0)


def reset_on_close(connection: asyncio.BaseTransport | asyncio.StreamWriter) -> None:
    """Nothing is left to reset of one that the other side has ended meanwhile."""
    handle = connection.get_extra_info("socket")
    if handle and handle.fileno() >= 0:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
