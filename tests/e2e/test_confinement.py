"""What the commands of a run reach, as the settings have it."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from overheard import execute, one_task
from scenario import calls, executor, git, judge, write

import agent
from agent.workspace.local import LocalWorkspace
from agent.workspace.sandbox.choose import LADDER, Mode, why_unusable
from agent.workspace.sandbox.readable import readable_paths
from agent.workspace.sandbox.rules import Network, Rules
from agent.workspace.sandbox.sandbox import Sandbox

PROBE = """
import pathlib, socket, sys
name, port, outside = sys.argv[1:]
try:
    pathlib.Path(outside, name).touch()
except OSError as error:
    print(error)
try:
    with socket.create_connection(("127.0.0.1", int(port)), 5) as server:
        server.sendall(name.encode())
except OSError as error:
    print(error)
"""
EVERYWHERE = {"setup", "run", "check"}


@contextmanager
def server_of_this_machine() -> Iterator[tuple[int, set[str]]]:
    """Its port, and the names that it was told."""
    told: set[str] = set()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = server.accept()
            except OSError:
                return
            with one:
                told.add(one.recv(99).decode())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1], told
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        server.close()


def refuse_without_sandbox(backend: int | None = None) -> Sandbox:
    """The first sandbox of the ladder that works here; skips the test without one."""
    extra = (Path(sys.base_prefix), Path(sys.prefix), Path(agent.__file__).parents[1])
    rules = Rules(readable=readable_paths({"PATH": os.environ["PATH"]}, extra))
    ladder = LADDER if backend is None else LADDER[backend:]
    reasons = []
    for each in ladder:
        if not (reason := anyio.run(why_unusable, each, rules)):
            return Sandbox(each.name, each.order, rules)
        reasons.append(f"{each.name}: {reason}")
    pytest.skip(f"no sandbox works here: {'; '.join(reasons)}")


@pytest.mark.parametrize(
    ("sandbox", "network", "files", "visits"),
    [
        ("off", "off", EVERYWHERE, EVERYWHERE),
        ("require", "off", set(), set()),
        ("require", "setup", set(), {"setup"}),
        ("require", "on", set(), EVERYWHERE),
    ],
)
def test_commands_reach_what_the_settings_allow(
    tmp_path: Path,
    repository: Path,
    sandbox: Mode,
    network: Network,
    files: set[str],
    visits: set[str],
) -> None:
    refuse_without_sandbox()
    (repository / "probe.py").write_text(PROBE, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add a probe")
    outside = tmp_path / "outside"
    outside.mkdir()
    with server_of_this_machine() as (port, told):
        probes = {name: f"python3 probe.py {name} {port} {outside}" for name in EVERYWHERE}
        named = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
        heard = execute(
            tmp_path,
            repository,
            one_task(f"{probes['check']} && test -f new.txt", creates=("new.txt",)),
            executor(
                calls(("run", {"command": probes["run"], "env": named})),
                calls(write("new.txt", "x\n"), ("submit", {"summary": "made"})),
            ),
            judge(),
            phases=("execute", "realign"),
            sandbox=sandbox,
            network=network,
            setup=probes["setup"],
        )

    assert heard.run.commits() == ["T01: Do it"]
    assert (set(os.listdir(outside)), told) == (files, visits), heard.results


@pytest.mark.parametrize(
    ("mode", "code", "words"),
    [
        ("require", 64, "no sandbox works here (bubblewrap: "),
        ("prefer", 11, "warning: commands run without a sandbox, so they can do what you can"),
    ],
)
def test_where_no_sandbox_works_a_run_refuses_or_says_so(
    tmp_path: Path, repository: Path, mode: str, code: int, words: str
) -> None:
    """Landlock's sandbox lets no other begin inside it."""
    landlock = refuse_without_sandbox(1)
    workspace = LocalWorkspace(repository, {"PATH": os.environ["PATH"]}, sandbox=landlock)
    script = Path(agent.__file__).parents[1] / "examples" / "todo-chat" / "script.yaml"
    command = (
        f"git clone --quiet . $HOME/own && cd $HOME/own && GARDENER_SANDBOX={mode} "
        f"PYTHONPATH={Path(agent.__file__).parents[1]} {sys.executable} -m agent plan --plain "
        f"--rehearsal {script} 'A todo app'"
    )

    async def run() -> tuple[int | None, str]:
        result = await workspace.run(command, timeout_seconds=200)
        return result.exit_code, result.output

    ended, output = anyio.run(run)

    assert (ended, words in output, output.count(words)) == (code, True, 1), output
