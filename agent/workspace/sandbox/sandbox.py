"""Runs commands in one of the sandboxes, each with a home and temporary files of its own."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread

from agent.domain.ports import CommandResult
from agent.errors import WorkspaceError
from agent.prompts import render
from agent.workspace.process import HeadAndTail
from agent.workspace.sandbox.cell import Launchers, run_order
from agent.workspace.sandbox.checkout import Frame, git_places, remove_tree
from agent.workspace.sandbox.order import Order
from agent.workspace.sandbox.rules import Job, Rules

KILLED_EXIT_CODE = 137
"""What a shell says of a program that was killed."""
GIT_SETTINGS = "[safe]\n\tdirectory = *\n[core]\n\tfsmonitor = false\n"
"""Of the command's own git: a checkout may belong to another user there."""


@dataclass(frozen=True)
class Sandbox:
    """`name` says which it is; `order_of` makes the launcher's order of a job."""

    name: str
    order_of: Callable[[Job], Order]
    rules: Rules
    launchers: Launchers = field(default_factory=Launchers, compare=False)

    async def run(
        self,
        command: str,
        *,
        root: Path,
        folder: Path,
        home: Path | None,
        environment: Mapping[str, str],
        ports: tuple[int, ...],
        timeout_seconds: float,
        max_output_bytes: int,
        on_output: Callable[[str], None] | None = None,
    ) -> CommandResult:
        """Runs a shell line, which reaches these ports of this machine's loopback.

        Without a `home`, the command gets one that is gone afterwards. Raises WorkspaceError
        when it cannot be started.
        """
        kept = HeadAndTail(max_output_bytes, on_output)
        frame = Frame(root)
        with temporary_folder() as temporary:
            house = home or temporary / "home"
            furnish(house)
            (temporary / "tmp").mkdir()
            job = Job(
                command=command,
                root=root,
                folder=folder,
                environment={**self.rules.environment, **environment, "HOME": str(house)},
                home=house,
                temporary=temporary / "tmp",
                git=git_places(root),
                opened=ports,
                rules=self.rules,
            )
            try:
                ended = await run_order(self.launchers, self.order_of(job), kept, timeout_seconds)
            finally:
                frame.restore()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(remove_tree, temporary)
        output = kept.text()
        if ended.stopped:
            output += "\n" if output and not output.endswith("\n") else ""
            output += render("tools/sandbox#stopped", bound=ended.stopped, bounds=self.rules.bounds)
        code = KILLED_EXIT_CODE if ended.stopped else ended.exit_code
        return CommandResult(exit_code=code, output=output, seconds=ended.seconds)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A real path, gone in the end also where what is in it forbids that."""
    try:
        made = Path(tempfile.mkdtemp(prefix="gardener-")).resolve()
    except OSError as error:
        raise WorkspaceError(
            f"cannot make a temporary folder: {error.strerror}; free some space"
        ) from error
    try:
        yield made
    finally:
        remove_tree(made)


def furnish(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = home / ".gitconfig"
        if not os.path.lexists(settings):
            settings.write_text(GIT_SETTINGS, encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"cannot make {home}: {error.strerror}; free some space, or remove it"
        ) from error
