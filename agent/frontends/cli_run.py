"""The commands that drive a run, as the command line sees them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.frontends import flags
from agent.frontends.collecting import resting
from agent.frontends.options import RunOptions, Show, overrides_of, read_request

if TYPE_CHECKING:
    from agent.domain.event import Phase

PLAN: tuple["Phase", ...] = ("plan",)
GARDEN: tuple["Phase", ...] = ("garden",)
EXECUTE: tuple["Phase", ...] = ("execute",)
REALIGN: tuple["Phase", ...] = ("realign",)
ALL: tuple["Phase", ...] = PLAN + GARDEN + EXECUTE + REALIGN


def plan(
    request: flags.Request = None,
    file: flags.RequestFile = None,
    name: flags.Name = None,
    script: flags.Script = None,
    allow_dirty: flags.AllowDirty = False,
    model: flags.Model = None,
    planner_model: flags.PlannerModel = None,
    base_url: flags.BaseUrl = None,
    json: flags.Json = False,
    plain: flags.Plain = False,
) -> int:
    """Turn a request into a plan file people can review.

    \b
    Example:  gardener plan --file spec.md
    Next:     gardener garden plans/NAME.md
    """
    overrides = overrides_of(model=model, base_url=base_url, planner=planner_model)
    options = RunOptions(Show(json, plain), overrides, name, script, allow_dirty=allow_dirty)
    return begin(PLAN, options, request=read_request(request, file, sys.stdin))


def garden(
    plan: flags.PlanFile,
    rounds: flags.Rounds = None,
    script: flags.Script = None,
    allow_dirty: flags.AllowDirty = False,
    model: flags.Model = None,
    gardener_model: flags.GardenerModel = None,
    base_url: flags.BaseUrl = None,
    json: flags.Json = False,
    plain: flags.Plain = False,
) -> int:
    """Have fresh sessions correct a plan until it holds.

    \b
    Example:  gardener garden plans/todo.md --rounds 5
    Next:     read the plan, then gardener execute plans/todo.md
    """
    overrides = overrides_of(model=model, base_url=base_url, rounds=rounds, gardener=gardener_model)
    options = RunOptions(Show(json, plain), overrides, None, script, allow_dirty=allow_dirty)
    return begin(GARDEN, options, plan_file=plan)


def execute(
    plan: flags.PlanFile,
    script: flags.Script = None,
    approve: flags.Approve = False,
    allow_dirty: flags.AllowDirty = False,
    model: flags.Model = None,
    executor_model: flags.ExecutorModel = None,
    base_url: flags.BaseUrl = None,
    json: flags.Json = False,
    plain: flags.Plain = False,
) -> int:
    """Work off a plan: one proven commit for each task.

    \b
    Example:  gardener execute plans/todo.md
    Next:     gardener realign, which proves the requirements
    """
    overrides = overrides_of(model=model, base_url=base_url, executor=executor_model)
    options = RunOptions(Show(json, plain), overrides, None, script, approve, allow_dirty)
    return begin(EXECUTE, options, plan_file=plan)


def realign(
    run: flags.Run = None,
    passes: flags.Passes = None,
    script: flags.Script = None,
    model: flags.Model = None,
    executor_model: flags.ExecutorModel = None,
    judge_model: flags.JudgeModel = None,
    base_url: flags.BaseUrl = None,
    json: flags.Json = False,
    plain: flags.Plain = False,
) -> int:
    """Find what a run forgot or faked, and have it mended.

    \b
    Example:  gardener realign
    Next:     gardener report
    """
    overrides = overrides_of(
        model=model, base_url=base_url, passes=passes, executor=executor_model, judge=judge_model
    )
    return go_on(run, REALIGN, RunOptions(Show(json, plain), overrides, None, script))


def run(
    request: flags.Request = None,
    file: flags.RequestFile = None,
    name: flags.Name = None,
    approve: flags.Approve = False,
    allow_dirty: flags.AllowDirty = False,
    rounds: flags.Rounds = None,
    passes: flags.Passes = None,
    script: flags.Script = None,
    model: flags.Model = None,
    planner_model: flags.PlannerModel = None,
    gardener_model: flags.GardenerModel = None,
    executor_model: flags.ExecutorModel = None,
    judge_model: flags.JudgeModel = None,
    base_url: flags.BaseUrl = None,
    json: flags.Json = False,
    plain: flags.Plain = False,
) -> int:
    """Go the whole way: plan, garden, execute, realign.

    \b
    Example:  gardener run "add a search box" --executor-model qwen-3-coder
    Next:     gardener report, then gardener merge; gardener resume if it stopped early
    """
    overrides = overrides_of(
        model=model,
        base_url=base_url,
        rounds=rounds,
        passes=passes,
        planner=planner_model,
        gardener=gardener_model,
        executor=executor_model,
        judge=judge_model,
    )
    options = RunOptions(Show(json, plain), overrides, name, script, approve, allow_dirty)
    return begin(ALL, options, request=read_request(request, file, sys.stdin))


def resume(
    run: flags.Run = None,
    approve: flags.Approve = False,
    script: flags.Script = None,
    model: flags.Model = None,
    base_url: flags.BaseUrl = None,
    json: flags.Json = False,
    plain: flags.Plain = False,
) -> int:
    """Go on with a run from its journal's last event.

    Nothing that was committed is done again.

    \b
    Example:  gardener resume
    Next:     gardener report
    """
    overrides = overrides_of(model=model, base_url=base_url)
    return go_on(run, None, RunOptions(Show(json, plain), overrides, None, script, approve))


def demo(folder: flags.Folder = None, json: flags.Json = False, plain: flags.Plain = False) -> int:
    """Run everything on an example with scripted replies.

    Git, files, commands, checks and HTTP are real; only the model is a script.

    \b
    Example:  gardener demo --folder /tmp/demo
    Next:     gardener report, inside that folder
    """
    with resting():
        from agent.frontends import commands_run

        return commands_run.demo(folder, ALL, RunOptions(Show(json, plain))).exit_code


def begin(
    phases: tuple["Phase", ...],
    options: RunOptions,
    *,
    request: str | None = None,
    plan_file: Path | None = None,
) -> int:
    with resting():
        from agent.frontends import commands_run

        outcome = commands_run.start(phases, options, request=request, plan_file=plan_file)
        return outcome.exit_code


def go_on(name: str | None, phases: tuple["Phase", ...] | None, options: RunOptions) -> int:
    with resting():
        from agent.frontends import commands_run

        return commands_run.resume(name, phases, options).exit_code
