"""Puts a run together: the only place that names concrete classes."""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio

from agent import __version__
from agent.config import Settings, child_environment, read_environment
from agent.domain.event import Phase, PlanAdopted, RunFinished, RunResumed, RunStarted
from agent.domain.finding import Finding
from agent.domain.message import ROLES, Role
from agent.domain.plan import Plan
from agent.domain.ports import Approver, Clock
from agent.domain.profile import Profile
from agent.engine.run import run
from agent.engine.run_context import Limits, Model, RunContext
from agent.engine.standing import audit_files
from agent.errors import (
    ConfigError,
    JournalError,
    NeedsPerson,
    Outcome,
    RepositoryError,
    UsageError,
)
from agent.journal import Journal, Listener
from agent.planning.lint import lint
from agent.planning.planfile import parse
from agent.providers import catalog
from agent.providers.openai_chat import OpenAIChat
from agent.realign.audit import attach_requirements
from agent.rehearsal.script import load_script
from agent.rehearsal.server import RehearsalServer
from agent.survey.take import take_survey
from agent.workspace import git
from agent.workspace.local import LocalWorkspace

REHEARSAL_KEY = "rehearsal"
LOOPBACK = re.compile(r"^https?://(127\.|localhost|\[::1\])")


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Unattended:
    """Stands in for a person who is not there."""

    async def approve(self, question: str) -> bool:
        raise NeedsPerson(f"{question} Nobody is here to answer: resume on a terminal")


@dataclass(frozen=True)
class RunResult:
    outcome: Outcome
    message: str
    run_id: str
    run_folder: Path
    branch: str


async def start_run(
    *,
    place: Path,
    settings: Settings,
    request: str | None = None,
    plan_file: Path | None = None,
    phases: tuple[Phase, ...],
    name: str | None = None,
    script: Path | None = None,
    approver: Approver | None = None,
    allow_dirty: bool = False,
    listeners: tuple[Listener, ...] = (),
) -> RunResult:
    """Begins a run on the repository around `place`, and drives it to its end.

    Raises UsageError, before anything is written, when it cannot begin.
    """
    facts = await git.find_repository(place)
    refuse_dirty(facts, plan_file, allow_dirty)
    plan = load_plan(plan_file) if plan_file else None
    asked = plan.request if plan else (request or "").strip()
    if not asked:
        raise UsageError("there is no request; say what you want, or give --file")
    profiles = role_profiles(settings, rehearsal=script is not None)
    refuse_without_key(settings, profiles)
    clock = SystemClock()
    run_id = f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    branch, worktree, plan_name = "", facts.root, name or (plan.name if plan else slug(asked))
    plan_path = f"{settings.plans_folder}/{plan_name}.md"
    if "execute" in phases:
        branch = await free_branch(facts, plan_name)
        worktree = settings.state_folder / "worktrees" / f"{facts.root.name}-{run_id}"
        await git.add_worktree(facts.root, worktree, branch, facts.head)
    elif plan_file:
        plan_path = inside(facts, plan_file)
    started = RunStarted(
        run_id=run_id,
        request=asked,
        plan_name=plan_name,
        plan_file=plan_path,
        phases=phases,
        repository=str(facts.root),
        base_commit=facts.head,
        branch=branch,
        worktree=str(worktree),
        models={role: profile.model for role, profile in profiles.items()},
        rehearsal=script is not None,
        script=str(script.resolve()) if script else "",
        version=__version__,
    )
    with Journal(runs_folder(facts) / run_id, clock) as journal:
        for listener in listeners:
            journal.listen(listener)
        journal.append(started)
        if plan:
            based = plan.model_copy(update={"base": facts.head, "name": plan_name})
            journal.append(PlanAdopted(plan=based, reason=f"given as {plan_file}"))
        return await drive(journal, settings, profiles, clock, approver)


async def resume_run(
    *,
    place: Path,
    settings: Settings,
    run_folder: Path,
    phases: tuple[Phase, ...] | None = None,
    script: Path | None = None,
    approver: Approver | None = None,
    listeners: tuple[Listener, ...] = (),
) -> RunResult:
    """Goes on with a run from the last event of its journal.

    Raises JournalError when the journal cannot be used, UsageError when a key is missing.
    """
    clock = SystemClock()
    with Journal(run_folder, clock) as journal:
        started = journal.state.started
        if started is None:
            raise JournalError(f"{journal.path} is empty; start a new run")
        profiles = role_profiles(settings, rehearsal=started.rehearsal)
        refuse_without_key(settings, profiles)
        if started.branch:
            await git.restore_worktree(
                Path(started.repository), Path(started.worktree), started.branch
            )
        for listener in listeners:
            journal.listen(listener)
        wanted = phases or journal.state.phases
        journal.append(RunResumed(phases=wanted, version=__version__))
        return await drive(journal, settings, profiles, clock, approver, script)


async def drive(
    journal: Journal,
    settings: Settings,
    profiles: Mapping[Role, Profile],
    clock: Clock,
    approver: Approver | None,
    script: Path | None = None,
) -> RunResult:
    """Opens the models and the workspace around `run`, and closes them after it."""
    started = journal.state.started
    assert started is not None
    environment = child_environment(read_environment(), settings)
    with scripted(script or (Path(started.script) if started.rehearsal else None)) as base_url:
        async with AsyncExitStack() as stack:
            models: dict[Role, Model] = {}
            for role, profile in profiles.items():
                if base_url:
                    profile = profile.model_copy(update={"base_url": base_url})
                client = OpenAIChat(profile, key_of(settings, profile, bool(base_url)))
                stack.push_async_callback(client.aclose)
                models[role] = Model(client, profile)
            context = RunContext(
                journal=journal,
                clock=clock,
                models=models,
                workspace=LocalWorkspace(Path(started.worktree), environment),
                approver=approver or Unattended(),
                limits=limits_of(settings),
                ask_approval=approver is not None,
            )
            finished = await run(context)
    return result_of(finished, started, journal)


def result_of(finished: RunFinished, started: RunStarted, journal: Journal) -> RunResult:
    return RunResult(
        outcome=finished.outcome,
        message=finished.message,
        run_id=started.run_id,
        run_folder=journal.path.parent,
        branch=started.branch,
    )


@contextmanager
def scripted(script: Path | None) -> Iterator[str]:
    """The base URL of a rehearsal server that plays the script; empty without one."""
    with ExitStack() as stack:
        if script is None:
            yield ""
        else:
            yield stack.enter_context(RehearsalServer(load_script(script))).base_url


def limits_of(settings: Settings) -> Limits:
    return Limits(
        plan_attempts=settings.plan_attempts,
        garden_rounds=settings.garden_rounds,
        realign_passes=settings.realign_passes,
        task_attempts=settings.task_attempts,
        continuations=settings.continuations,
        turns_per_session=settings.turns_per_session,
        request_attempts=settings.request_attempts,
        max_wait_seconds=settings.max_wait_seconds,
        command_timeout_seconds=settings.command_timeout_seconds,
    )


def role_profiles(settings: Settings, *, rehearsal: bool) -> dict[Role, Profile]:
    """The profile of each role, settings laid over the catalog.

    Raises ConfigError when a profile is unknown or no model is named.
    """
    if rehearsal:
        return {role: catalog.profile("rehearsal") for role in ROLES}
    return {role: role_profile(settings, role) for role in ROLES}


def role_profile(settings: Settings, role: Role) -> Profile:
    own = settings.role(role)
    base = catalog.profile(own.profile or settings.profile)
    given = own.model_dump(exclude_none=True, exclude={"profile"})
    chosen = base.model_copy(update=given)
    if not chosen.model:
        raise ConfigError(
            f"no model is named for the {role}: set GARDENER_MODEL, or "
            f"GARDENER_{role.upper()}_MODEL, or pass --model"
        )
    return chosen


def key_of(settings: Settings, profile: Profile, rehearsal: bool) -> str:
    if rehearsal:
        return REHEARSAL_KEY
    key = settings.key(profile.key_env)
    return key.get_secret_value() if key else "none"


def refuse_without_key(settings: Settings, profiles: Mapping[Role, Profile]) -> None:
    """A real endpoint needs a key; one on this machine may go without."""
    for role, profile in profiles.items():
        local = LOOPBACK.match(profile.base_url) or profile.name == REHEARSAL_KEY
        if not local and settings.key(profile.key_env) is None:
            raise ConfigError(
                f"no key for the {role} at {profile.base_url}: set {profile.key_env}, "
                "or try the scripted rehearsal with `gardener demo`"
            )
