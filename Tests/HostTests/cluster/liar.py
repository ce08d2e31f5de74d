"""A Gate made wrong on purpose: a proxy before it that loses one push in so many, and swaps two."""

import asyncio
import threading

from . import mqttwire
from .network import BRIDGE

ON_SAY = b"\x00\x0aChat/OnSay"


class Liar:
    """From entry to exit of a `with`. `drops`, `swaps`: the numbers of the pushes that are lost, or come after the next
    one; counted from 1, in the order in which they come from the Gate, over all of its clients."""

    def __init__(self, gate, drops=(), swaps=()):
        """`gate`: its (host, port)."""
        self.gate, self.drops, self.swaps = gate, frozenset(drops), frozenset(swaps)
        self.pushes = self.dropped = self.swapped = 0
        self.loop = asyncio.new_event_loop()
        self.is_ready = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        self.is_ready.wait(10)
        return self

    def __exit__(self, *error):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    @property
    def has_lied(self):
        return self.dropped == len(self.drops) and self.swapped == len(self.swaps)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._accepted, BRIDGE, 0))
        self.address = server.sockets[0].getsockname()
        self.is_ready.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        server.close()
        self.loop.close()

    async def _accepted(self, reader, writer):
        to_gate, from_gate = None, None
        try:
            from_gate, to_gate = await asyncio.open_connection(*self.gate)
            await asyncio.gather(self._copy(reader, to_gate), self._lie(from_gate, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, to_gate):
                if end:
                    end.close()

    @staticmethod
    async def _copy(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def _lie(self, reader, writer):
        buffer, held = bytearray(), b""
        while data := await reader.read(65536):
            buffer += data
            for kind, body in mqttwire.packets(buffer):
                packet = bytes([kind << 4]) + mqttwire.length(len(body)) + body
                if kind != mqttwire.PUBLISH or not body.startswith(ON_SAY):
                    writer.write(packet)
                    continue
                self.pushes += 1
                if self.pushes in self.drops:
                    self.dropped += 1
                elif self.pushes in self.swaps:
                    held = packet
                else:
                    writer.write(packet + held)
                    self.swapped += bool(held)
                    held = b""
        writer.close()
