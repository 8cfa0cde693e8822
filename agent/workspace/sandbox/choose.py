"""Tries the sandboxes from the best one down, by running a command in each."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.errors import UsageError, WorkspaceError
from agent.workspace.process import clean_environment
from agent.workspace.sandbox import bubblewrap, landlocked
from agent.workspace.sandbox.order import Order
from agent.workspace.sandbox.rules import Job, Rules
from agent.workspace.sandbox.sandbox import Sandbox

Mode = Literal["require", "prefer", "off"]

TRIAL = "echo in > inside && (echo out > ../outside) 2>&1; echo $?"
TRIAL_SECONDS = 20.0
OUTPUT_BYTES = 2_000


@dataclass(frozen=True)
class Backend:
    name: str
    why_not: Callable[[], str]
    order: Callable[[Job], Order]


LADDER = (
    Backend("bubblewrap", bubblewrap.why_not, bubblewrap.order),
    Backend("landlock", landlocked.why_not, landlocked.order),
)


@dataclass(frozen=True)
class Choice:
    sandbox: Sandbox | None
    """None: commands run with all that the user may do."""
    warning: str = ""


async def choose_sandbox(mode: Mode, rules: Rules, ladder: tuple[Backend, ...] = LADDER) -> Choice:
    """The first sandbox that works here; `prefer` goes on without one, with a warning.

    Raises UsageError when one is required and none works.
    """
    if mode == "off":
        return Choice(None)
    reasons = []
    for backend in ladder:
        reason = await why_unusable(backend, rules)
        if not reason:
            return Choice(Sandbox(backend.name, backend.order, rules))
        reasons.append(f"{backend.name}: {reason}")
    told = "; ".join(reasons)
    if mode == "require":
        raise UsageError(
            f"no sandbox works here ({told}); make one of them work, "
            'or run in a container with sandbox = "off"'
        )
    return Choice(
        None,
        f"commands run without a sandbox, so they can do what you can ({told}); "
        'make one of them work, or run in a container with sandbox = "off"',
    )


async def why_unusable(backend: Backend, rules: Rules) -> str:
    """What keeps this sandbox from being used here; empty when a trial shows that it holds."""
    if sys.platform != "linux":
        return "it takes Linux"
    if reason := backend.why_not():
        return reason
    with tempfile.TemporaryDirectory(prefix="gardener-") as folder:
        root = trial_folder(folder)
        try:
            result = await Sandbox(backend.name, backend.order, rules).run(
                TRIAL,
                root=root,
                folder=root,
                home=None,
                environment=clean_environment({}),
                ports=(),
                timeout_seconds=TRIAL_SECONDS,
                max_output_bytes=OUTPUT_BYTES,
            )
        except WorkspaceError as error:
            return str(error).partition(";")[0]
        if (root.parent / "outside").exists():
            return "it lets commands write outside of the checkout"
        if not (root / "inside").exists():
            lines = result.output.strip().splitlines()
            return lines[-1][:120] if lines else "a trial command ended without a word"
    return ""


def trial_folder(folder: str) -> Path:
    root = Path(folder).resolve() / "trial"
    root.mkdir()
    return root
