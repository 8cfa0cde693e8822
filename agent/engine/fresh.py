"""A fresh checkout made ready: what git does not keep is put there by the setup command."""

from agent.domain.ports import Workspace
from agent.engine.checks import telling_line
from agent.engine.run_context import RunContext
from agent.errors import UsageError

SETUP_TIMEOUT_SECONDS = 1800.0


async def set_up(context: RunContext, workspace: Workspace) -> None:
    """Brings what git does not keep, and runs the setup command, if there is one.

    Raises UsageError when something is missing, or the command fails or leaves files that would
    be committed with the work.
    """
    await context.supply(workspace.root)
    if not context.setup:
        return
    was_clean = not await workspace.is_dirty()
    result = await workspace.run(context.setup, timeout_seconds=SETUP_TIMEOUT_SECONDS)
    if result.exit_code != 0:
        raise UsageError(
            f"the setup command `{context.setup}` failed in a fresh checkout: "
            f"{telling_line(result.output)}; correct `setup` in gardener.toml, or let it reach "
            "the network with GARDENER_NETWORK=setup, then resume"
        )
    if was_clean and await workspace.is_dirty():
        raise UsageError(
            f"the setup command `{context.setup}` leaves files that git does not ignore; "
            "add them to .gitignore, commit that, and start again"
        )
