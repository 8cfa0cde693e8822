"""What commands run in, by the settings and by what works on this machine."""

from collections.abc import Mapping
from pathlib import Path

from agent.config import Settings
from agent.domain.event import RunStarted
from agent.workspace.local import LocalWorkspace
from agent.workspace.sandbox.choose import Choice, choose_sandbox
from agent.workspace.sandbox.readable import readable_paths, tool_chain_variables
from agent.workspace.sandbox.rules import Bounds, Rules
from agent.workspace.worktrees import home_beside

KB, MB = 1000, 1_000_000


async def confinement(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """The sandbox for a run's commands, or the warning that there is none.

    Raises UsageError when one is required and none works here.
    """
    return await choose_sandbox(settings.sandbox, rules_of(settings, environment))


def rules_of(settings: Settings, environment: Mapping[str, str]) -> Rules:
    offline = settings.network == "off"
    return Rules(
        readable=readable_paths(environment, settings.readable_paths),
        environment=tool_chain_variables(environment, caches=offline),
        network=settings.network,
        setup=settings.setup,
        bounds=Bounds(
            memory_bytes=settings.command_memory_mb * MB,
            threads=settings.command_processes,
            disk_bytes=settings.command_disk_mb * MB,
        ),
    )


def open_workspace(
    started: RunStarted, settings: Settings, environment: Mapping[str, str], choice: Choice
) -> LocalWorkspace:
    """The run's checkout; in a worktree of its own, commands have a home that lasts as long."""
    root = Path(started.worktree)
    return LocalWorkspace(
        root,
        environment,
        max_output_bytes=settings.command_output_kb * KB,
        sandbox=choice.sandbox,
        home=home_beside(root) if started.branch else None,
    )
