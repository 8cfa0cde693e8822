"""Tries an endpoint, shows what is true of it, and keeps the changes when asked."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from agent.config import load_settings, read_environment
from agent.errors import ConfigError, Outcome
from agent.frontends.checkup import (
    Kept,
    checkup_lines,
    checkup_record,
    outcome_after,
)
from agent.frontends.output import Output
from agent.frontends.runs import project_root
from agent.wiring.doctor import DoctorOptions, examine_endpoint, fields_to_write, keep_fields


def doctor(
    *,
    as_json: bool,
    write: bool,
    profile: str | None,
    model: str | None,
    base_url: str | None,
    cheap: bool,
    timeout_seconds: float,
) -> Outcome:
    environment = read_environment()
    settings = load_settings(environment, project_root(Path.cwd()))
    options = DoctorOptions(profile, model, base_url, cheap, timeout_seconds)
    progress, output = Output(sys.stderr), Output(sys.stdout)

    def on_step(step: str) -> None:
        if not as_json and sys.stderr.isatty():
            progress.line(f"trying {step} ...")

    def on_pause(pause: str) -> None:
        progress.line(f"trying {pause} ...")

    checkup = anyio.run(partial(examine_endpoint, settings, options, on_step, on_pause))
    kept = Kept(None, fields_to_write(checkup, options, settings.profiles))
    if write and kept.fields and checkup.blocked is None:
        try:
            path = keep_fields(environment, settings, checkup.profile.name, kept.fields)
            kept = replace(kept, path=path)
        except ConfigError as error:
            # What was seen is told all the same.
            kept = replace(kept, refused=str(error))
    if as_json:
        output.record(checkup_record(checkup, kept))
    else:
        for line in checkup_lines(checkup, kept):
            output.line(line)
    return outcome_after(checkup, kept)
