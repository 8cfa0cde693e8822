"""Own time per turn: from the last byte of a reply to the next request.

    python tests/bench/turn_overhead.py [TURNS]

A server in a process of its own notes when each request has arrived whole and when each reply
has left; the program under measurement is the real one, over the real SDK and a real socket.
Each turn reads a file of 12,000 bytes, so the transcript grows as in real work. Wall time is told
without the tool's; processor time with it, since a busy machine leaves that alone. Exits with 1
when the processor time is more than it should ever be.
"""

import http.server
import itertools
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio

sys.path.insert(0, str(Path(__file__).parents[1]))

from long_jobs.memory import cpu_ns

from agent.config import load_settings
from agent.domain.event import ToolFinished, ToolStarted
from agent.domain.plan import EntryPoint, Plan, Requirement, Task
from agent.journal import FILE_NAME, read_entries
from agent.planning.planfile import render
from agent.wiring import start_run
from agent.workspace import git

TURNS = 38
"""A session that only looks is ended at 40."""
MOST_CPU_MS = 15.0
"""Median of a turn; about half of it was measured on a slow machine, and 10 is what is wanted."""
Mark = tuple[int, int, int, int]
"""Nanoseconds: request arrived, reply left, and the processor time of the program at both."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    turns = TURNS
    marks: list[Mark]

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        arrived, spent = time.monotonic_ns(), cpu_ns(os.getppid())
        turn = sum(m["role"] == "assistant" for m in json.loads(raw)["messages"])
        name, arguments = "read", dict[str, Any](files=[{"path": f"file{turn % 20}.txt"}])
        if turn >= self.turns:
            name, arguments = "give_up", {"reason": "measured"}
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"c{turn}", "type": "function", "function": function}
        self.stream(
            {"role": "assistant", "tool_calls": [{"index": 0, **call}]},
            {"prompt_tokens": len(raw) // 4, "completion_tokens": 20, "total_tokens": 0},
        )
        self.marks.append((arrived, time.monotonic_ns(), spent, cpu_ns(os.getppid())))

    def stream(self, delta: dict[str, Any], usage: dict[str, int]) -> None:
        head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
        chunks = [
            {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
            {**head, "choices": [], "usage": usage},
        ]
        body = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
        self.wfile.flush()


def serve(pipe: Connection, turns: int) -> None:
    Handler.marks, Handler.turns = [], turns
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.timeout = 0.2
    pipe.send(server.server_port)
    while not pipe.poll(0):
        server.handle_request()
    pipe.send(Handler.marks)


def repository(folder: Path) -> Path:
    """Twenty files, and a plan of one task that can never be proven."""
    for number in range(20):
        lines = (f"{number} line {i}: the quick brown fox\n" for i in range(400))
        (folder / f"file{number}.txt").write_text("".join(lines)[:12_000], encoding="utf-8")
    plan = Plan(
        name="bench",
        title="Bench",
        request="measure",
        requirements=(Requirement.model_validate({"id": "R1", "title": "t", "checks": [CHECK]}),),
        entry_points=(EntryPoint(id="E1", command="cat file0.txt", path="file0.txt"),),
        tasks=(
            Task.model_validate(
                {
                    "id": "T01",
                    "title": "t",
                    "serves": ["R1"],
                    "modifies": ["file0.txt"],
                    "checks": [CHECK],
                }
            ),
        ),
    )
    path = folder / "plan.md"
    path.write_text(render(plan), encoding="utf-8")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "begin")):
        git.ask(folder, *git.FALLBACK_IDENTITY, *command)
    return path


CHECK = {"kind": "command", "run": "test -f never"}


def own_times(folder: Path, turns: int) -> tuple[list[float], list[float]]:
    """Milliseconds per turn, and of processor time."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, turns))
    process.start()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "OPENAI_BASE_URL": f"http://127.0.0.1:{ours.recv()}/v1",
        "GARDENER_MODEL": "bench",
        "GARDENER_TASK_ATTEMPTS": "1",
        "GARDENER_TASK_REVIEWS": "0",
        "GARDENER_TURNS_PER_SESSION": str(turns + 5),
        "GARDENER_STATE_FOLDER": str(folder / "state"),
    }
    work = folder / "work"
    work.mkdir()
    plan = repository(work)

    async def measured() -> Path:
        settings = load_settings(environment)
        result = await start_run(place=work, settings=settings, plan_file=plan, phases=("execute",))
        return result.run_folder

    run_folder = anyio.run(measured)
    ours.send("stop")
    marks: list[Mark] = ours.recv()
    process.join(timeout=10)
    tools = tool_milliseconds(run_folder / FILE_NAME)
    gaps = [(later[0] - earlier[1]) / 1e6 for earlier, later in itertools.pairwise(marks)]
    spent = [(later[2] - earlier[3]) / 1e6 for earlier, later in itertools.pairwise(marks)]
    return [gap - tool for gap, tool in zip(gaps, tools, strict=False)], spent


def tool_milliseconds(journal: Path) -> list[float]:
    begun: dict[str, datetime] = {}
    times = []
    for entry in read_entries(journal):
        match entry.event:
            case ToolStarted():
                begun[entry.event.call.call_id] = entry.at
            case ToolFinished():
                gone = entry.at - begun[entry.event.result.call_id]
                times.append(gone.total_seconds() * 1000)
            case _:
                pass
    return times


def main() -> int:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else TURNS
    with tempfile.TemporaryDirectory() as name:
        times, spent = own_times(Path(name), turns)
    print(f"turns {len(times)}")
    print(f"own time per turn: median {statistics.median(times):.1f} ms")
    print(f"p95 {statistics.quantiles(times, n=20)[18]:.1f} ms, first {times[0]:.1f} ms")
    print(f"last ten turns: median {statistics.median(times[-10:]):.1f} ms")
    cpu = statistics.median(spent)
    print(f"processor time per turn: median {cpu:.1f} ms, at most {MOST_CPU_MS:g} is right")
    return int(cpu > MOST_CPU_MS)


if __name__ == "__main__":
    raise SystemExit(main())
