"""Connections led from one network into the other: from the host to the apiserver, from Pods to servers of tests."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

CHUNK = 1 << 18

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def inside(address: str, port: int) -> Connect:
    return lambda: asyncio.open_connection(address, port)


def through(make: Callable[[], socket.socket], port: int) -> Connect:
    """To loopback of the network that the socket belongs to."""

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        sock = make()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return await asyncio.open_connection(sock=sock)

    return connect


async def relay(listening: socket.socket, connect: Connect) -> asyncio.Server:
    """Who cannot be led on is told so by a reset, the nearest to a refused connection."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await connect()
        except OSError:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return writer.transport.abort()
        await asyncio.gather(_pump(reader, back), _pump(there, writer))
        back.close()
        return writer.close()

    return await asyncio.start_server(lead, sock=listening)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until its end, which is passed on; a break ends both ways."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
    except OSError:
        writer.transport.abort()
