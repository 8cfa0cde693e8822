"""One external MCP server: kept open, asked, and opened again when it was lost.

It lives in a task of its own, so that nothing it does reaches the run: it may hang, die, or send
what is no message. The SDK is imported when the first server is opened.
"""

import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import anyio
from anyio.abc import TaskStatus

from agent.prompts import render
from agent.tools.external import ExternalTool, NoAnswer, Offer, Said, ServerPlace

if TYPE_CHECKING:
    from mcp import Client

RESTARTS = 2
MOST_TOOLS = 500
REASON_CHARACTERS = 200
LOG_CHARACTERS = 300
CLOSING_SECONDS = 6
"""What the SDK takes at most to end a server."""
REQUEST_TIMEOUT, CONNECTION_CLOSED = -32001, -32000
"""Codes of the SDK's own errors."""


@dataclass
class Question:
    tool: str
    arguments: dict[str, Any]
    done: anyio.Event = field(default_factory=anyio.Event)
    said: Said | None = None
    reason: str = ""

    def end(self, said: Said | None, reason: str = "") -> None:
        self.said, self.reason = said, reason
        self.done.set()


class McpServer:
    """Implements `tools.external.Asked`."""

    def __init__(self, place: ServerPlace) -> None:
        self.place = place
        self.offers: dict[str, Offer] = {}
        self.lost = ""
        """Why it is not there any more; empty while it is, or may be again."""
        self._send, self._receive = anyio.create_memory_object_stream[Question](100)

    @property
    def tools(self) -> tuple[ExternalTool, ...]:
        """The allowed ones that the server has, in the order they are allowed."""
        known = (self.offers[name] for name in self.place.tools if name in self.offers)
        return tuple(ExternalTool(self.place.name, offer, self) for offer in known)

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Said:
        if self.lost:
            raise NoAnswer(self.lost)
        question = Question(tool, arguments)
        # At worst the one before froze the server: it is probed, ended and opened again first.
        with anyio.move_on_after(4 * self.place.timeout_seconds + CLOSING_SECONDS):
            await self._send.send(question)
            await question.done.wait()
        if question.said is None:
            raise NoAnswer(question.reason or self.too_slow)
        return question.said

    @property
    def too_slow(self) -> str:
        return f"nothing came within {self.place.timeout_seconds:g} s"

    async def live(self, *, task_status: TaskStatus[None]) -> None:
        """Opens the server and answers questions until it is cancelled; says when it is ready.

        A server that is lost is opened again, RESTARTS times. A call that it was lost with is
        never made again.
        """
        with self._send, self._receive:
            await self._live(task_status)

    async def _live(self, task_status: TaskStatus[None]) -> None:
        is_ready, reason = False, ""
        for _ in range(1 + RESTARTS):
            with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
                try:
                    async with connected(self.place, log) as client:
                        if not is_ready:
                            self.offers = await offers_of(client, self.place)
                            is_ready = True
                            task_status.started()
                        await self._answer(client)
                except Exception as error:  # noqa: BLE001 - whatever a foreign program provokes
                    reason = f"{reason_of(error, self.too_slow)}{last_words(log)}"
            if not is_ready:
                break
        self.lost = reason
        if not is_ready:
            task_status.started()
        while self._receive.statistics().current_buffer_used:
            self._receive.receive_nowait().end(None, reason)

    async def _answer(self, client: "Client") -> None:
        """Raises what has broken the connection, with the question answered.

        A server that let a call wait too long is asked for its tools: where no answer comes to
        that either, it is lost.
        """
        async for question in self._receive:
            if question.done.is_set():
                continue
            try:
                with anyio.fail_after(self.place.timeout_seconds):
                    result = await client.call_tool(question.tool, question.arguments)
                question.end(said_by(result))
            except TimeoutError:
                question.end(None, self.too_slow)
                with anyio.fail_after(self.place.timeout_seconds):
                    await client.list_tools(cache_mode="bypass")
            except Exception as error:
                question.end(None, reason_of(error, self.too_slow))
                if is_lost(error):
                    raise


@asynccontextmanager
async def connected(place: ServerPlace, log: TextIO) -> AsyncIterator["Client"]:
    """A client of the server, within its time; what the server logs goes to `log`."""
    # What a server sends that is no message, the SDK would print in the middle of the run's words.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client

    if place.command:
        program, *arguments = place.command
        env = dict(place.env or {})
        started = StdioServerParameters(
            command=program, args=arguments, env=env, encoding_error_handler="replace"
        )
        transport = stdio_client(started, errlog=log)
        async with Client(transport, read_timeout_seconds=place.timeout_seconds) as client:
            yield client
        return
    import httpx2

    headers = {"Authorization": f"Bearer {place.token}"} if place.token else {}
    async with httpx2.AsyncClient(headers=headers, timeout=place.timeout_seconds) as http:
        transport = streamable_http_client(place.url, http_client=http)
        async with Client(transport, read_timeout_seconds=place.timeout_seconds) as client:
            yield client


async def offers_of(client: "Client", place: ServerPlace) -> dict[str, Offer]:
    """Every tool of the server, page by page. Raises TimeoutError."""
    offers: dict[str, Offer] = {}
    with anyio.fail_after(place.timeout_seconds):
        cursor: str | None = None
        while len(offers) < MOST_TOOLS:
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                offers[tool.name] = Offer(tool.name, tool.description or "", tool.input_schema)
            cursor = page.next_cursor
            if not cursor:
                break
    return offers


def said_by(result: Any) -> Said:  # noqa: ANN401 - the SDK's own type
    pieces = []
    for part in result.content:
        text = getattr(part, "text", None)
        if isinstance(text, str):
            pieces.append(text)
        else:
            size = len(str(getattr(part, "data", "")))
            pieces.append(render("tools/external#not_shown", kind=part.type, size=size))
    return Said(tuple(pieces), is_error=bool(result.is_error))


def reason_of(error: BaseException, too_slow: str) -> str:
    """The innermost reason of what the SDK raised, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return too_slow
    code, message = told_by(error)
    if code == REQUEST_TIMEOUT:
        return too_slow
    return " ".join(message.split())[:REASON_CHARACTERS] or type(error).__name__


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone, and not only this call has failed."""
    code, _ = told_by(error)
    return code in (None, CONNECTION_CLOSED)


def told_by(error: BaseException) -> tuple[int | None, str]:
    """The code and the words of an error that a server has sent; no code for any other."""
    from mcp import MCPError

    return (
        (error.error.code, error.error.message)
        if isinstance(error, MCPError)
        else (None, str(error))
    )


def last_words(log: TextIO) -> str:
    """What a server said last on its way out."""
    log.seek(0)
    words = log.read().strip().splitlines()
    return f" ({words[-1][:LOG_CHARACTERS]})" if words else ""
