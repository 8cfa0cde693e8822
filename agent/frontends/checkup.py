"""A checkup of an endpoint, for people and machines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.config.user_file import quoted, toml
from agent.errors import Outcome
from agent.frontends.findings import finding_line
from agent.frontends.output import SCHEMA
from agent.frontends.text import REHEARSAL, count, shown
from agent.providers.doctor.checkup import Checkup

MARKS = {True: "ok", False: "!!", None: "--"}


@dataclass(frozen=True)
class Kept:
    """What became of the changes."""

    path: Path | None
    """The file they were written to, None when they were not."""
    fields: Mapping[str, Any]
    refused: str = ""
    """Why they could not be written, with what to do; empty when nothing went wrong."""


def outcome_after(checkup: Checkup, kept: Kept) -> Outcome:
    """A deviation that was written into the profile is none any more."""
    if kept.refused:
        return Outcome.USAGE
    if checkup.blocked or kept.path is None:
        return checkup.outcome
    left = [f for f in checkup.findings if f.severity != "info" and f.id not in checkup.mended]
    return Outcome.FINDINGS if left else Outcome.DONE


def checkup_lines(checkup: Checkup, kept: Kept) -> Iterator[str]:
    profile = checkup.profile
    if checkup.rehearsed:
        yield REHEARSAL
    yield f"{profile.name}: {shown(profile.model)} at {shown(profile.base_url)}"
    width = max(len(aspect.name) for aspect in checkup.aspects)
    for aspect in checkup.aspects:
        yield f"  {MARKS[aspect.fine]} {aspect.name:<{width}}  {shown(aspect.said, 200)}"
    for finding in checkup.findings:
        yield finding_line(finding)
    section = f"[profiles.{quoted(profile.name)}]"
    if kept.path:
        yield f"wrote {count(len(kept.fields), 'field')} of {section} to {kept.path}:"
        yield from field_lines(kept.fields)
        if checkup.rehearsed:
            yield f"careful: {section} now fits the rehearsal, and perhaps no real endpoint"
    elif checkup.changes:
        yield f"to change, or to apply with --write: {section}"
        yield from field_lines(checkup.changes)
    yield kept.refused or closing_line(checkup, kept)


def field_lines(fields: Mapping[str, Any]) -> Iterator[str]:
    return (f"  {name} = {toml(value)}" for name, value in fields.items())


def closing_line(checkup: Checkup, kept: Kept) -> str:
    outcome = outcome_after(checkup, kept)
    if outcome is Outcome.DONE:
        return "the endpoint is as its profile says"
    if checkup.blocked:
        return "the checkup could not be finished"
    return "the endpoint is not as its profile says"


def checkup_record(checkup: Checkup, kept: Kept) -> dict[str, Any]:
    outcome = outcome_after(checkup, kept)
    return {
        "schema": SCHEMA,
        "type": "checkup",
        "outcome": outcome.value,
        "exit_code": outcome.exit_code,
        "rehearsal": checkup.rehearsed,
        "profile": checkup.profile.name,
        "model": checkup.profile.model,
        "base_url": checkup.profile.base_url,
        "aspects": [
            {"name": aspect.name, "said": aspect.said, "fine": aspect.fine}
            for aspect in checkup.aspects
        ],
        "findings": [finding.model_dump(mode="json") for finding in checkup.findings],
        "changes": dict(checkup.changes),
        "written": str(kept.path) if kept.path else None,
        "not_written": kept.refused or None,
    }
