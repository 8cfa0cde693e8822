"""Commands run as a group, end as a group, and cannot flood the memory."""

import os
from pathlib import Path

import anyio
import pytest

from agent.domain.ports import CommandResult
from agent.errors import WorkspaceError
from agent.workspace.process import HeadAndTail, clean_environment, run_command

PATH = {"PATH": os.environ["PATH"]}
BEAT = "(while :; do echo beat >> beats; sleep 0.02; done)"
"""Writes as long as it lives."""


async def run(
    command: str | list[str], folder: Path, *, timeout: float = 20, limit: int = 10_000
) -> CommandResult:
    with anyio.fail_after(30):
        return await run_command(
            command, cwd=folder, env=PATH, timeout_seconds=timeout, max_output_bytes=limit
        )


def next_descriptor() -> int:
    descriptor = os.dup(0)
    os.close(descriptor)
    return descriptor


async def beats_stop(folder: Path) -> bool:
    """Whether a heart that has beaten is still."""
    first = (folder / "beats").stat().st_size
    await run("sleep 0.2", folder)
    return first > 0 and (folder / "beats").stat().st_size == first


@pytest.mark.anyio
async def test_output_and_errors_come_in_the_order_written(tmp_path: Path) -> None:
    result = await run("echo one; echo two >&2; echo three; exit 7", tmp_path)

    assert (result.exit_code, result.output, result.timed_out) == (7, "one\ntwo\nthree\n", False)


@pytest.mark.anyio
async def test_a_program_gets_its_arguments_as_they_are(tmp_path: Path) -> None:
    result = await run(["printf", "%s", "$HOME; *"], tmp_path)

    assert (result.exit_code, result.output) == (0, "$HOME; *")


@pytest.mark.anyio
async def test_a_command_has_no_input(tmp_path: Path) -> None:
    result = await run("cat; read line || echo none", tmp_path)

    assert result.output == "none\n"


@pytest.mark.anyio
async def test_a_command_that_hangs_is_killed_with_its_grandchildren(tmp_path: Path) -> None:
    result = await run(f"echo begun; sh -c '{BEAT} & sleep 60'", tmp_path, timeout=0.5)

    assert (result.exit_code, result.output) == (None, "begun\n")
    assert await beats_stop(tmp_path)


@pytest.mark.anyio
async def test_a_child_left_behind_does_not_hold_the_command_up(tmp_path: Path) -> None:
    result = await run(f"{BEAT} & sleep 0.2; echo over", tmp_path)

    assert (result.exit_code, result.output) == (0, "over\n")
    assert await beats_stop(tmp_path)


@pytest.mark.anyio
async def test_a_child_outside_the_group_does_not_hold_the_command_up(tmp_path: Path) -> None:
    result = await run("setsid sleep 3 & echo over", tmp_path)

    assert (result.exit_code, result.output) == (0, "over\n")


@pytest.mark.anyio
async def test_a_cancelled_command_dies_with_its_children(tmp_path: Path) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(run, f"{BEAT} & sleep 60", tmp_path)
        with anyio.fail_after(20):
            while not (tmp_path / "beats").exists():
                await run("sleep 0.05", tmp_path)
        group.cancel_scope.cancel()

    assert await beats_stop(tmp_path)


@pytest.mark.anyio
async def test_a_command_may_ignore_the_polite_signals(tmp_path: Path) -> None:
    result = await run("trap '' TERM INT HUP; sleep 60 & wait; sleep 60", tmp_path, timeout=0.3)

    assert result.timed_out


@pytest.mark.anyio
async def test_a_flood_keeps_its_head_and_tail(tmp_path: Path) -> None:
    result = await run("printf begin; head -c 5000000 /dev/zero; printf end", tmp_path, limit=400)

    head, marker, tail = result.output.split("\n")
    assert (result.exit_code, head, tail) == (0, "begin" + "\0" * 95, "\0" * 297 + "end")
    assert marker == "[... 4999608 bytes cut ...]"


@pytest.mark.anyio
async def test_an_output_that_just_fits_is_whole(tmp_path: Path) -> None:
    result = await run("printf 12345678", tmp_path, limit=8)

    assert result.output == "12345678"


@pytest.mark.anyio
async def test_bytes_that_are_not_text_are_replaced(tmp_path: Path) -> None:
    result = await run(r"printf 'a\377b'", tmp_path)

    assert result.output == "a\ufffdb"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "command", [["no-such-program-here"], ["echo", "a\0b"], "echo " + "x" * 3_000_000]
)
async def test_a_command_that_cannot_start_says_so(
    tmp_path: Path, command: str | list[str]
) -> None:
    with pytest.raises(WorkspaceError, match=r"^cannot start the command: "):
        await run(command, tmp_path)


@pytest.mark.anyio
async def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    await run("true", tmp_path)
    before = next_descriptor()

    for _ in range(5):
        await run("sleep 9 &", tmp_path)

    assert next_descriptor() == before


def test_a_command_sees_what_is_allowed_and_nothing_else() -> None:
    allowed = {"HOME": "/home/ada", "TERM": "xterm"}

    assert clean_environment(allowed, {"PORT": "1"}) == {
        "PATH": os.defpath,
        "HOME": "/home/ada",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PORT": "1",
    }


def test_what_a_long_command_prints_is_told_now_and_then_in_whole_lines() -> None:
    seconds, told = [0.0], list[str]()
    kept = HeadAndTail(10_000, told.append, now=lambda: seconds[0])
    for at, data in ((0.1, b"one\n"), (1.9, b"two\n"), (2.1, b"three\nfo"), (3.0, b"ur\n")):
        seconds[0] = at
        kept.add(data)
    assert told == ["one\ntwo\nthree\n"]
    seconds[0] = 4.2
    kept.add(b"five\n")
    assert told == ["one\ntwo\nthree\n", "four\nfive\n"]
    assert kept.text() == "one\ntwo\nthree\nfour\nfive\n"
