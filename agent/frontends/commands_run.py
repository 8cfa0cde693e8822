"""The commands that drive a run: from arguments to a call of the wiring, and the closing words."""

import shlex
import shutil
import sys
from pathlib import Path

from agent.config import Settings, load_settings, read_environment, take_out_keys
from agent.domain.event import Entry, Phase, RunStarted
from agent.domain.state import RunState, fold
from agent.errors import Outcome
from agent.frontends.options import RunOptions
from agent.frontends.output import Output
from agent.frontends.report import build_report
from agent.frontends.runs import find_run, project_root
from agent.frontends.text import REHEARSAL, shown
from agent.frontends.watch import Watch, next_steps, watch
from agent.journal import FILE_NAME, read_entries
from agent.wiring import RunResult, prepare_demo, resume_run, start_run

OWN_SETTINGS = ("GARDENER_", "OPENAI_")


def start(
    phases: tuple[Phase, ...],
    options: RunOptions,
    *,
    request: str | None = None,
    plan_file: Path | None = None,
) -> Outcome:
    """Begins a run from a request or a plan file, and follows it to its end."""
    settings = settings_at(Path.cwd(), options)
    return begin(phases, options, settings, Path.cwd(), request=request, plan_file=plan_file)


def begin(
    phases: tuple[Phase, ...],
    options: RunOptions,
    settings: Settings,
    where: Path,
    *,
    request: str | None = None,
    plan_file: Path | None = None,
) -> Outcome:

    async def work(watching: Watch) -> RunResult:
        return await start_run(
            place=where,
            settings=settings,
            request=request,
            plan_file=plan_file,
            phases=phases,
            name=options.name,
            script=options.script,
            approver=watching.approver,
            allow_dirty=options.allow_dirty,
            listeners=watching.listeners,
        )

    result = watch(work, options)
    close(result, options)
    return result.outcome


def resume(name: str | None, phases: tuple[Phase, ...] | None, options: RunOptions) -> Outcome:
    """Goes on with a run; `phases` replaces the ones it was begun with."""
    where = Path.cwd()
    settings = settings_at(where, options)
    folder = find_run(where, name)
    past = tuple(read_entries(folder / FILE_NAME))

    async def work(watching: Watch) -> RunResult:
        return await resume_run(
            place=where,
            settings=settings,
            run_folder=folder,
            phases=phases,
            script=options.script,
            approver=watching.approver,
            listeners=watching.listeners,
        )

    result = watch(work, options, past)
    close(result, options)
    return result.outcome


def demo(folder: Path | None, phases: tuple[Phase, ...], options: RunOptions) -> Outcome:
    """Makes the example's repository, and runs everything on it with scripted replies."""
    prepared = prepare_demo(folder)
    output = Output(sys.stdout)
    if not options.show.json:
        output.line(f"demo in {prepared.folder}")
    scripted = RunOptions(show=options.show, name=prepared.name, script=prepared.script)
    # The demo shows the product, not the settings of whoever starts it.
    environment = {n: v for n, v in read_environment().items() if not n.startswith(OWN_SETTINGS)}
    settings = load_settings(environment)
    return begin(phases, scripted, settings, prepared.folder, request=prepared.request)


def settings_at(place: Path, options: RunOptions) -> Settings:
    settings = load_settings(read_environment(), project_root(place), options.overrides)
    take_out_keys()
    return settings


def close(result: RunResult, options: RunOptions) -> None:
    if not options.show.json:
        output = Output(sys.stdout)
        for line in closing_lines(tuple(read_entries(result.run_folder / FILE_NAME))):
            output.line(line)


def closing_lines(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """The last words for a person: what was proven, where it is, what comes next."""
    state = fold(entry.event for entry in entries)
    started, finished = state.started, state.finished
    if started is None or finished is None:
        return ()
    lines = [REHEARSAL] if state.rehearsed else []
    if "realign" in state.phases:
        for item in build_report(entries).requirements:
            word = "proven" if item.proven else "not proven"
            why = f" ({shown(item.doubts[0])})" if item.doubts else ""
            lines.append(f"{item.id} {word}: {shown(item.title)}{why}")
    plan_file = plan_path(state)
    if started.branch:
        lines.append(f"branch {started.branch}")
    elif plan_file:
        lines.append(f"plan {plan_file}")
    steps = next_steps(finished.outcome, state.phases, started.run_id, plan_file)
    return (*lines, *(f"next: {command}" for command in steps_from_here(started, steps)))


def steps_from_here(started: RunStarted, steps: tuple[str, ...]) -> tuple[str, ...]:
    """The steps as they can be typed: the program as it was called, in the right folder."""
    program = str(Path(sys.argv[0]).resolve())
    if Path(program).name != "gardener" or shutil.which("gardener") == program:
        program = "gardener"
    typed = tuple(shlex.quote(program) + step.removeprefix("gardener") for step in steps)
    place = Path(started.repository)
    inside = Path.cwd().resolve().is_relative_to(place.resolve())
    return typed if inside else (f"cd {shlex.quote(str(place))}", *typed)


def plan_path(state: RunState) -> Path | None:
    """The plan file, relative to the working directory where it lies below it."""
    if state.started is None or state.plan is None:
        return None
    path = Path(state.started.worktree) / state.started.plan_file
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
