"""A viewer: one session of the dashboard, over a WebSocket, without a browser."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LIMIT = 60.0
"""Seconds after which an answer that has not come counts as none."""

LARGEST = 256 << 20
"""Bytes of the largest message that is taken; the server's own limit is lower."""


@dataclass
class Seen:
    """What one viewer, or all of them, saw: seconds of each answer by page, seconds of the parts
    that refresh themselves, bytes, and errors in words."""

    pages: dict[str, list[float]] = field(default_factory=dict)
    parts: list[float] = field(default_factory=list)
    bytes: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        """Take in what another viewer saw."""
        for page, seconds in other.pages.items():
            self.pages.setdefault(page, []).extend(seconds)
        self.parts += other.parts
        self.bytes += other.bytes
        self.errors += other.errors


class Viewer:
    """Changes pages of the dashboard at `port`, about the runs with these ids in turn.

    `pause` is how many seconds a page is looked at, on the average. `seed` chooses the pages.
    """

    def __init__(self, port: int, runs: list[str], pause: float, seed: int) -> None:
        self._address = f"ws://localhost:{port}/_stcore/stream"
        self._runs, self._pause, self._random = runs, pause, random.Random(seed)
        self.seen = Seen()
        self._pages: dict[str, str] = {}
        self._finished = asyncio.Event()
        self._refreshing: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, float] = {}
        self._page = self._query = ""

    async def look(self, seconds: float) -> None:
        """Come, look for so long, leave; and come again halfway, as a browser that is closed and
        opened does."""
        half = time.monotonic() + seconds / 2
        for end in (half, half + seconds / 2):
            try:
                async with connect(
                    self._address,
                    subprotocols=["streamlit"],
                    max_size=LARGEST,  # type: ignore[list-item]
                ) as socket:
                    await self._visit(socket, end)
            except (OSError, ConnectionClosed) as error:
                self.seen.errors.append(f"{type(error).__name__}: {error}")

    async def _visit(self, socket: ClientConnection, end: float) -> None:
        hearing = asyncio.create_task(self._hear(socket))
        try:
            await self._open(socket, "Overview", "")
            while self._pages and time.monotonic() < end and not hearing.done():
                await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pause)
                await self._open(socket, *self._random.choice(sorted(self._pages.items())))
            if hearing.done():
                hearing.result()  # raises what it was that ended it
        finally:
            hearing.cancel()
            self._left()

    def _left(self) -> None:
        """The page is left: nothing of it is asked for any more."""
        for one in self._refreshing.values():
            one.cancel()
        self._refreshing.clear()
        self._asked.clear()

    async def _open(self, socket: ClientConnection, page: str, script: str) -> None:
        """Ask for a page, and wait until all of it has come."""
        self._finished.clear()
        self._page, self._query = script, f"run={self._random.choice(self._runs)}"
        began = time.monotonic()
        await self._ask(socket, ClientState(page_script_hash=script))
        try:
            await asyncio.wait_for(self._finished.wait(), LIMIT)
            self.seen.pages.setdefault(page, []).append(time.monotonic() - began)
        except TimeoutError:
            self.seen.errors.append(f"{page}: no answer within {LIMIT:.0f} s")

    async def _ask(self, socket: ClientConnection, state: ClientState) -> None:
        state.query_string = self._query
        await socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _hear(self, socket: ClientConnection) -> None:
        async for data in socket:
            assert isinstance(data, bytes)
            self.seen.bytes += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            self._take(socket, message)

    def _take(self, socket: ClientConnection, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._pages = {
                one.page_name: one.page_script_hash for one in message.navigation.app_pages
            }
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._left()
        elif kind == "auto_rerun":
            part = message.auto_rerun.fragment_id
            if part not in self._refreshing:
                again = self._refresh(socket, part, message.auto_rerun.interval)
                self._refreshing[part] = asyncio.create_task(again)
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            told = message.delta.new_element.exception
            self.seen.errors.append(f"{told.type}: {told.message}")
        elif kind == "script_finished":
            self._end(message.script_finished, message.metadata.run.fragment_ids)

    def _end(self, status: int, parts: Iterable[str]) -> None:
        if status == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            asked = (self._asked.pop(part, None) for part in parts)
            self.seen.parts += [time.monotonic() - began for began in asked if began is not None]
        elif status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.seen.errors.append("a page that Python cannot read")
            self._finished.set()
        elif status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self._finished.set()

    async def _refresh(self, socket: ClientConnection, part: str, every: float) -> None:
        """Ask for a part of a page again and again, as the page told."""
        while True:
            await asyncio.sleep(every)
            if not self._finished.is_set():
                continue  # a browser asks for no part of a page that it is leaving
            self._asked[part] = time.monotonic()
            state = ClientState(page_script_hash=self._page, fragment_id=part, is_auto_rerun=True)
            with suppress(ConnectionClosed):  # told where answers are waited for
                await self._ask(socket, state)


async def together(viewers: list[Viewer], seconds: float) -> Seen:
    """Let all of them look at the same time; they come one after another in the first seconds."""

    async def later(number: int, viewer: Viewer) -> None:
        wait = min(0.25 * number, seconds / 4)
        await asyncio.sleep(wait)
        await viewer.look(seconds - wait)

    await asyncio.gather(*(later(number, one) for number, one in enumerate(viewers)))
    whole = Seen()
    for viewer in viewers:
        whole.add(viewer.seen)
    return whole
