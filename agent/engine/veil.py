"""The checkout as a session sees it: secrets are marks, and marks written back are the secrets.

A mark is taken for what it hides only in the file that it was read from, so a model can edit
around a secret and cannot carry it anywhere else.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from agent import prompts
from agent.domain.ports import CommandResult, Workspace
from agent.domain.redaction import MARK, Redactor
from agent.engine.run_context import RunContext
from agent.errors import WorkspaceError


@dataclass
class Veil:
    """Over a workspace; whatever is not here is the workspace's own."""

    inner: Workspace
    redactor: Redactor
    held: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """By path, the secrets that a file has had, by their marks."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the workspace has
        return getattr(self.inner, name)

    def read_text(self, path: str) -> str:
        text = self.inner.read_text(path)
        self.held[path] |= self.redactor.secrets_in(text)
        return self.redactor.hide(text)

    def write_text(self, path: str, text: str) -> None:
        """Raises WorkspaceError for a mark of something that this file never had."""
        before = self.text_of(path)
        own = self.held[path] | self.redactor.secrets_in(before)
        self.held[path] = own
        foreign = next((m for m in MARK.findall(text) if m not in own and m not in before), None)
        if foreign:
            raise WorkspaceError(prompts.render("session/policy#foreign_mark", mark=foreign))
        self.inner.write_text(path, MARK.sub(lambda found: own.get(found[0], found[0]), text))

    def text_of(self, path: str) -> str:
        try:
            return self.inner.read_text(path) if self.inner.exists(path) else ""
        except WorkspaceError:
            return ""

    async def run(
        self,
        command: str,
        *,
        timeout_seconds: float,
        env: Mapping[str, str] | None = None,
        folder: str = "",
        on_output: Callable[[str], None] | None = None,
    ) -> CommandResult:
        """The output is without secrets before anything is cut out of it."""
        ended = await self.inner.run(
            command,
            timeout_seconds=timeout_seconds,
            env=env,
            folder=folder,
            on_output=on_output,
        )
        return replace(ended, output=self.redactor.hide(ended.output))


def veiled(context: RunContext, workspace: Workspace | None = None) -> Workspace:
    """The run's workspace, or another one, as a session may see it."""
    return cast("Workspace", Veil(workspace or context.workspace, context.redactor))
