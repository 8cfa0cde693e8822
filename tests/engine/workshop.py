"""An executor at work in a real repository: its context, its tools and a model of the test's."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from fakes import FakeModel
from scenario import git
from talk import STARTED, context_of

from agent.domain.event import PlanAdopted, TaskStarted
from agent.domain.plan import Plan, Task
from agent.domain.session import SessionState
from agent.engine.executor import executor_key, executor_opening, executor_tools_of, tail_of
from agent.engine.handover import hand_over
from agent.engine.run_context import Limits, RunContext
from agent.engine.session import Turn, open_session, take_turn
from agent.journal import Journal
from agent.workspace.local import LocalWorkspace


def repository(root: Path, files: dict[str, str]) -> Path:
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "Begin")
    return root


@dataclass
class Workshop:
    context: RunContext
    task: Task
    session: SessionState

    async def turn(self) -> Turn:
        """As the task loop takes one."""
        tools = executor_tools_of(self.context, self.task, 1)
        tail = tail_of(self.context, self.task, self.session, tools)
        turn = await take_turn(self.context, self.session, tools, tail, can_hand_over=True)
        if turn.is_full:
            await hand_over(self.context, self.task, self.session, tools)
        return turn


async def open_workshop(
    journal: Journal, root: Path, plan: Plan, model: FakeModel, limits: Limits | None = None
) -> Workshop:
    """The plan's first task, begun."""
    started = STARTED.model_copy(update={"plan_file": "plans/plan.md", "worktree": str(root)})
    journal.append(started)
    journal.append(PlanAdopted(plan=plan, reason="given"))
    task, head = plan.tasks[0], git(root, "rev-parse", "HEAD").strip()
    journal.append(TaskStarted(task_id=task.id, attempt=1, commit=head))
    context, _, _ = context_of(journal, limits=limits)
    workspace = LocalWorkspace(root, {"PATH": os.environ["PATH"]})
    context = replace(context, workspace=workspace)
    context.models["executor"].clients = {"acct": model}
    opening = await executor_opening(context, task, executor_tools_of(context, task, 1))
    return Workshop(context, task, open_session(context, executor_key(task, 1), opening))
