# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""forward.py ADDRESS PORT: passes TCP connections at ADDRESS:PORT on to 127.0.0.1:PORT.

By it pods reach the API server, which listens on loopback alone. ADDRESS need not be there yet, and may come and go.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

IP_FREEBIND = 15  # linux/in.h; the module socket does not name it


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def main(address: str, port: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            ends.append(far_writer)
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        for end in ends:
            end.close()

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
    listener.bind((address, port))
    server = await asyncio.start_server(serve, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
