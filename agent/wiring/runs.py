"""Begins and resumes runs: the place where ports get their concrete classes."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from agent import __version__
from agent.config import Settings, child_environment, read_environment
from agent.context.vocabulary import counter_for
from agent.domain.event import Phase, PlanAdopted, RunFinished, RunResumed, RunStarted, Warned
from agent.domain.message import Role
from agent.domain.plan import Plan
from agent.domain.ports import Approver, Clock
from agent.domain.profile import Profile
from agent.domain.state import RunState
from agent.engine.run import run
from agent.engine.run_context import Limits, RunContext
from agent.errors import JournalError, Outcome, UsageError
from agent.journal import Journal, Listener
from agent.limits.governor import AccountGovernor
from agent.limits.owners import this_process
from agent.providers.dialects import load_ahead
from agent.wiring.asked import what_is_asked
from agent.wiring.confine import confinement, open_workspace
from agent.wiring.external import external_tools
from agent.wiring.foresight import day_warning
from agent.wiring.found import back_in_place
from agent.wiring.ledger import open_books
from agent.wiring.machine import SystemClock, Unattended
from agent.wiring.models import (
    Kept,
    checked_script,
    endpoints_of,
    models_of,
    refuse_without_key,
    role_profiles,
    scripted,
)
from agent.wiring.open_models import Opening
from agent.wiring.places import choose_home, in_place, own_checkout, refuse_dirty, runs_folder
from agent.wiring.policy import policy_of, redactor_of
from agent.wiring.supplies import refuse_unusable, supply_of, with_links
from agent.workspace import git
from agent.workspace.sandbox.choose import Choice
from agent.workspace.supplies import warnings_of


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
    clock: Clock | None = None,
) -> RunResult:
    """Begins a run; raises UsageError, with nothing written, when it cannot begin."""
    facts = await git.find_repository(place)
    await refuse_dirty(facts, allow_dirty)
    redactor = redactor_of(settings, facts.root)
    asked = what_is_asked(request, plan_file, name, redactor)
    script_path = checked_script(script)
    profiles = role_profiles(settings, rehearsal=script is not None)
    refuse_without_key(settings, profiles)
    load_ahead(profiles.values())
    await refuse_unusable(settings, facts.root)
    commands = await confinement(with_links(settings, facts.root), read_environment())
    clock = clock or SystemClock()
    run_id = f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    home = choose_home(facts, settings.plans_folder, asked.name, plan_file)
    opened = own_checkout(facts, home, settings.state_folder, run_id)
    async with opened if "execute" in phases else in_place(home) as home:
        started = RunStarted(
            run_id=run_id,
            request=asked.request,
            plan_name=home.plan_name,
            plan_file=home.plan_file,
            phases=phases,
            repository=str(facts.root),
            base_commit=facts.head,
            branch=home.branch,
            worktree=str(home.worktree),
            models=models_of(profiles),
            endpoints=endpoints_of(profiles),
            rehearsal=script is not None,
            script=script_path,
            version=__version__,
        )
        with Journal(runs_folder(facts) / run_id, clock, redactor) as journal:
            journal.listen(*listeners)
            begin(journal, started, asked.plan, plan_file)
            return await drive(journal, settings, profiles, clock, commands, approver)


def begin(journal: Journal, started: RunStarted, plan: Plan | None, plan_file: Path | None) -> None:
    journal.append(started)
    if plan:
        here = {"base": started.base_commit, "name": started.plan_name}
        reason = f"given as {plan_file}"
        journal.append(PlanAdopted(plan=plan.model_copy(update=here), reason=reason))
    for warning in warnings_of(Path(started.repository)) if started.branch else ():
        journal.append(Warned(message=warning))


async def resume_run(
    *,
    place: Path,
    settings: Settings,
    run_folder: Path,
    phases: tuple[Phase, ...] | None = None,
    script: Path | None = None,
    approver: Approver | None = None,
    listeners: tuple[Listener, ...] = (),
    clock: Clock | None = None,
) -> RunResult:
    """Goes on with a run from the last event of its journal.

    Raises JournalError when the journal cannot be used, UsageError when a key is missing,
    RepositoryError when the branch has lost what the run made.
    """
    clock = clock or SystemClock()
    with Journal(run_folder, clock) as journal:
        started = journal.state.started
        if started is None:
            raise JournalError(f"{journal.path} is empty; start a new run")
        journal.redactor = redactor_of(settings, Path(started.repository))
        finished = journal.state.finished
        if finished and finished.outcome == Outcome.DONE and phases is None:
            nothing = finished.model_copy(update={"message": "the run is done; nothing is left"})
            return result_of(nothing, started, journal)
        refuse_script(started, script)
        refuse_early_realignment(journal.state, phases)
        kept = Kept(journal.state.models, journal.state.endpoints)
        profiles = role_profiles(settings, rehearsal=started.rehearsal, kept=kept)
        refuse_without_key(settings, profiles)
        load_ahead(profiles.values())
        linked = with_links(settings, Path(started.repository))
        commands = await confinement(linked, read_environment())
        found = await back_in_place(started, journal.state)
        journal.listen(*listeners)
        wanted = phases or journal.state.phases
        journal.append(
            RunResumed(
                phases=wanted,
                models=models_of(profiles),
                endpoints=endpoints_of(profiles),
                version=__version__,
            )
        )
        for warning in found:
            journal.append(Warned(message=warning))
        return await drive(journal, settings, profiles, clock, commands, approver, script)


def refuse_script(started: RunStarted, script: Path | None) -> None:
    """Raises UsageError for a script where a real model began."""
    if script and not started.rehearsal:
        raise UsageError(
            f"run {started.run_id} was begun with a real model, so no script may go on with it"
        )


def refuse_early_realignment(state: RunState, phases: tuple[Phase, ...] | None) -> None:
    """Realignment alone looks at finished work, on a branch of the run's own.

    Raises UsageError when there is none.
    """
    if phases and state.started and not state.started.branch:
        raise UsageError(
            f"run {state.started.run_id} only planned; execute its plan: "
            f"gardener execute {state.started.plan_file}"
        )
    own = [t.id for t in state.plan.tasks if not t.is_realignment] if state.plan else []
    if phases == ("realign",) and not (own and state.done.issuperset(own)):
        run_id = state.started.run_id if state.started else ""
        raise UsageError(
            f"run {run_id} has tasks that are not done; go on with: gardener resume {run_id}"
        )


async def drive(
    journal: Journal,
    settings: Settings,
    profiles: Mapping[Role, Profile],
    clock: Clock,
    commands: Choice,
    approver: Approver | None,
    script: Path | None = None,
) -> RunResult:
    """Opens the models and the workspace around `run`, and closes them after it."""
    started = journal.state.started
    assert started is not None
    if commands.warning:
        journal.append(Warned(message=commands.warning))
    environment = child_environment(read_environment(), settings)
    with scripted(script or (Path(started.script) if started.rehearsal else None)) as base_url:
        async with AsyncExitStack() as stack:
            books = open_books(settings, clock)
            stack.callback(books.close)
            governor = AccountGovernor(
                books, clock, this_process(), longest_wait_seconds=settings.max_wait_seconds
            )
            count = counter_for(profiles["executor"].model)
            count.start()
            opening = Opening(stack, settings, governor, base_url)
            context = RunContext(
                journal=journal,
                clock=clock,
                models={role: opening.model(role, own) for role, own in profiles.items()},
                governor=governor,
                workspace=open_workspace(started, settings, environment, commands),
                approver=approver or Unattended(),
                limits=limits_of(settings),
                setup=settings.setup,
                supply=supply_of(settings, started),
                foresee=lambda sizes: day_warning(
                    sizes, profiles["executor"], settings, books, clock, journal.path.parent.parent
                ),
                external=await stack.enter_async_context(
                    external_tools(settings, profiles, count, warning(journal))
                ),
                policy=policy_of(settings),
                redactor=journal.redactor,
                ask_approval=approver is not None,
                count=count,
            )
            finished = journal.redactor.hide_in(await run(context))
    return result_of(finished, started, journal)


def warning(journal: Journal) -> Callable[[str], None]:
    return lambda message: journal.append(Warned(message=message))


def result_of(finished: RunFinished, started: RunStarted, journal: Journal) -> RunResult:
    return RunResult(
        outcome=finished.outcome,
        message=finished.message,
        run_id=started.run_id,
        run_folder=journal.path.parent,
        branch=started.branch,
    )


def limits_of(settings: Settings) -> Limits:
    return Limits(
        plan_attempts=settings.plan_attempts,
        garden_rounds=settings.garden_rounds,
        realign_passes=settings.realign_passes,
        task_attempts=settings.task_attempts,
        task_reviews=settings.task_reviews,
        continuations=settings.continuations,
        turns_per_session=settings.turns_per_session,
        working_tokens=settings.working_tokens,
        request_attempts=settings.request_attempts,
        max_wait_seconds=settings.max_wait_seconds,
        sleeps_over_day=settings.on_day_limit == "sleep",
        command_timeout_seconds=settings.command_timeout_seconds,
    )
