"""The commands that look, and the small ones that write: lint, status, merge, discard and others.

The wiring is imported where it is needed: `status` and `report` do without it.
"""

import os
import sys
from pathlib import Path

from agent.domain.state import fold
from agent.errors import Outcome, UsageError
from agent.frontends.output import SCHEMA, Output
from agent.frontends.runs import find_run, project_root
from agent.frontends.text import REHEARSAL
from agent.journal import FILE_NAME, read_entries


def status(name: str | None, *, as_json: bool) -> Outcome:
    from agent.frontends.status import status_lines, status_of, status_record

    found = status_of(tuple(read_entries(find_run(Path.cwd(), name) / FILE_NAME)))
    output = Output(sys.stdout)
    if as_json:
        output.record(status_record(found))
    else:
        output.line("\n".join(status_lines(found)))
    return Outcome.DONE


def report(name: str | None, *, as_json: bool, target: Path | None) -> Outcome:
    """Writes the report to standard output, or whole to a file."""
    import json

    from agent.frontends.report import build_report, to_json

    built = build_report(read_entries(find_run(Path.cwd(), name) / FILE_NAME))
    if as_json:
        text = json.dumps(to_json(built), indent=None if target is None else 2) + "\n"
    else:
        from agent.frontends.markdown import to_markdown

        text = to_markdown(built)
    if target is None:
        Output(sys.stdout).line(text.rstrip("\n"))
    else:
        write_whole(target, text)
    return Outcome.DONE


def write_whole(target: Path, text: str) -> None:
    """Raises UsageError when the file cannot be written; the old one is then untouched."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(
            f"cannot write {target}: {error.strerror}; name a file in a folder that exists"
        ) from None


def lint(plan_file: Path, *, as_json: bool) -> Outcome:
    from functools import partial

    import anyio

    from agent.config import load_settings, read_environment
    from agent.frontends.findings import show_findings
    from agent.wiring import lint_plan

    place = Path.cwd()
    settings = load_settings(read_environment(), project_root(place))
    findings = anyio.run(partial(lint_plan, place=place, settings=settings, plan_file=plan_file))
    return show_findings(findings, Output(sys.stdout), as_json=as_json)


def audit(plan_file: Path | None, base: str | None, *, as_json: bool) -> Outcome:
    from functools import partial

    import anyio

    from agent.config import load_settings, read_environment
    from agent.frontends.findings import show_findings
    from agent.wiring import audit_repository

    place = Path.cwd()
    settings = load_settings(read_environment(), project_root(place))
    work = partial(audit_repository, place=place, settings=settings, plan_file=plan_file, base=base)
    return show_findings(anyio.run(work), Output(sys.stdout), as_json=as_json)


def merge(name: str | None, *, as_json: bool, unproven: bool) -> Outcome:
    from functools import partial

    import anyio

    place = Path.cwd()
    run = find_run(place, name)
    from agent.wiring import merge_run

    commit = anyio.run(partial(merge_run, place=place, run_folder=run, unproven=unproven))
    output = Output(sys.stdout)
    rehearsal = is_rehearsal(run)
    if as_json:
        output.record(
            {
                "schema": SCHEMA,
                "type": "merged",
                "rehearsal": rehearsal,
                "outcome": Outcome.DONE.value,
                "exit_code": 0,
                "run": run.name,
                "commit": commit,
            }
        )
    else:
        if rehearsal:
            output.line(REHEARSAL)
        output.line(f"merged {run.name} as {commit}")
    return Outcome.DONE


def discard(name: str | None, *, as_json: bool, confirmed: bool) -> Outcome:
    from functools import partial

    import anyio

    from agent.wiring import discard_run

    place = Path.cwd()
    run = find_run(place, name)
    work = partial(discard_run, place=place, run_folder=run, confirmed=confirmed)
    gone = anyio.run(work)
    output = Output(sys.stdout)
    rehearsal = is_rehearsal(run)
    if as_json:
        output.record(
            {
                "schema": SCHEMA,
                "type": "discarded",
                "rehearsal": rehearsal,
                "outcome": Outcome.DONE.value,
                "exit_code": 0,
                "run": run.name,
                "branch": gone.branch,
                "commits": gone.commits,
            }
        )
    else:
        if rehearsal:
            output.line(REHEARSAL)
        output.line(f"discarded {gone.branch} and its worktree; the journal is kept in {run}")
    return Outcome.DONE


def is_rehearsal(run: Path) -> bool:
    return fold(entry.event for entry in read_entries(run / FILE_NAME)).rehearsed


def init(*, as_json: bool) -> Outcome:
    """Writes a commented settings file into the repository's root."""
    from agent.wiring import write_project_file

    root = project_root(Path.cwd())
    if root is None:
        raise UsageError("this is not a git repository; make one with: git init")
    path = write_project_file(root)
    output = Output(sys.stdout)
    if as_json:
        record = {"type": "initialized", "outcome": Outcome.DONE.value, "exit_code": 0}
        output.record({"schema": SCHEMA, **record, "path": str(path)})
    else:
        output.line(f"wrote {path}")
        output.line('next: gardener plan "what you want"')
    return Outcome.DONE
