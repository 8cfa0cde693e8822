"""Serves the rehearsal until it is stopped, and says what is on."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from agent.config import load_settings, read_environment
from agent.errors import Outcome, UsageError
from agent.frontends.output import SCHEMA, Output
from agent.frontends.runs import project_root
from agent.frontends.text import REHEARSAL, count

if TYPE_CHECKING:
    from agent.rehearsal.conditions import Conditions
    from agent.wiring.rehearse import Rehearsal

MOST_SHOWN = 6


@dataclass(frozen=True)
class Begun:
    """A rehearsal that listens, and how a client finds it."""

    rehearsal: "Rehearsal"
    environment: Mapping[str, str]
    """What to set where `gardener` is to ask it."""
    elsewhere: tuple[str, ...]
    """Profiles of the settings that ask other endpoints all the same."""


def rehearse(*, as_json: bool, **given: Any) -> Outcome:  # noqa: ANN401 - RehearsalOptions' fields
    """Returns when the user stops it; raises UsageError when the port is taken."""
    import anyio

    from agent.wiring.rehearse import (
        RehearsalOptions,
        client_environment,
        other_endpoints,
        prepare_rehearsal,
    )

    environment, root = read_environment(), project_root(Path.cwd())
    settings = load_settings(environment, root)
    options = RehearsalOptions(**given)
    rehearsal = prepare_rehearsal(options, settings.profiles)
    server, output = rehearsal.server, Output(sys.stdout)
    try:
        server.start()
    except OSError as error:
        raise UsageError(
            f"cannot listen on port {options.port}: {error.strerror}; name another with --port"
        ) from None
    variables = client_environment(rehearsal, environment, root)
    begun = Begun(rehearsal, variables, other_endpoints(settings))

    def announce() -> None:
        if as_json:
            output.record(start_record(begun))
        else:
            output.line("\n".join(start_lines(begun)))

    try:
        anyio.run(until_stopped, announce)
    finally:
        server.stop()
    totals = server.totals()
    if as_json:
        record = {"type": "rehearsal_stopped", "outcome": Outcome.DONE.value, "exit_code": 0}
        output.record({"schema": SCHEMA, **record, "totals": totals})
    else:
        output.line(f"rehearsal: {totals_line(totals)}")
    return Outcome.DONE


async def until_stopped(announce: Callable[[], None]) -> None:
    """Tells that the server runs only when it can be stopped in good order."""
    import signal

    import anyio

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        announce()
        async for _ in signals:
            return


def start_record(begun: Begun) -> dict[str, Any]:
    rehearsal, url = begun.rehearsal, begun.rehearsal.server.base_url
    conditions, options = rehearsal.conditions, rehearsal.options
    return {
        "schema": SCHEMA,
        "type": "rehearsal_started",
        "base_url": url,
        "counters_url": f"{url}/rehearsal/counters",
        "log_url": f"{url}/rehearsal/log",
        "environment": dict(begun.environment),
        "elsewhere": list(begun.elsewhere),
        "profile": rehearsal.profile.name,
        "dialect": rehearsal.profile.dialect,
        "script": str(options.script) if options.script else None,
        "models": list(conditions.models),
        "flavour": conditions.flavour.name,
        "window_tokens": conditions.window_tokens,
        "limits": [limit.model_dump() for limit in conditions.limits],
        "charge": conditions.charging.mode,
        "tokens_per_second": conditions.tokens_per_second,
        "first_token_seconds": conditions.first_token_seconds,
        "time_scale": options.time_scale,
        "faults": list(conditions.faults.names),
        "faults_share": conditions.faults.share,
        "faults_stay": not conditions.faults.transient,
        "seed": conditions.faults.seed,
    }


def start_lines(begun: Begun) -> Iterator[str]:
    rehearsal = begun.rehearsal
    conditions, url = rehearsal.conditions, rehearsal.server.base_url
    script = rehearsal.options.script
    yield f"{REHEARSAL}{f' in {script}' if script else ', no model is asked'}"
    yield f"  base URL   {url}"
    models = ", ".join(conditions.models) or "any"
    window = f"window of {conditions.window_tokens:,} tokens"
    yield f"  endpoint   {conditions.flavour.name}, model {models}, {window}"
    yield f"  limits     {limits_text(conditions)}"
    yield f"  speed      {speed_text(conditions, rehearsal.options.time_scale)}"
    yield f"  faults     {faults_text(rehearsal)}"
    yield f"  counters   {url}/rehearsal/counters"
    yield f"  requests   {url}/rehearsal/log"
    yield "in another terminal:"
    yield f"  export {' '.join(f'{name}={quote(v)}' for name, v in begun.environment.items())}"
    yield "  gardener doctor"
    if script:
        yield '  gardener run "REQUEST"'
    if begun.elsewhere:
        names = ", ".join(begun.elsewhere)
        yield f"careful: your settings fall back to {names}, which is not played here"
    yield "stop with Ctrl-C"


def limits_text(conditions: "Conditions") -> str:
    if not conditions.limits:
        return "none"
    told = [f"{limit.amount:,} {limit.unit} a {limit.window}" for limit in conditions.limits]
    admission = conditions.charging.mode == "admission"
    return f"{', '.join(told)}; counted {'at admission' if admission else 'by use'}"


def speed_text(conditions: "Conditions", time_scale: float) -> str:
    rate = conditions.tokens_per_second
    told = [f"{rate:,.0f} tokens a second" if rate else "at once"]
    if conditions.first_token_seconds:
        told.append(f"first after {conditions.first_token_seconds:g} s")
    if time_scale != 1:
        told.append(
            f"time {time_scale:g} times as fast (waits are told in real seconds; "
            "a client's own count of its minutes is not faster)"
        )
    return ", ".join(told)


def faults_text(rehearsal: "Rehearsal") -> str:
    from agent.rehearsal.faults import FAULTS

    plan, dialect = rehearsal.conditions.faults, rehearsal.profile.dialect
    if not plan.names:
        return "none"
    names = plan.names
    shown = ", ".join(names) if len(names) <= MOST_SHOWN else f"{len(names)} kinds"
    again = "" if plan.transient else ", also when they come again"
    unfit = sum(not FAULTS[name].fits(dialect) for name in names)
    never = f"; {unfit} of them never in this profile's dialect" if unfit else ""
    return f"{shown}; {plan.share:.0%} of requests{again}, seed {plan.seed}{never}"


def totals_line(totals: Mapping[str, Any]) -> str:
    refused = sum(totals["refused"].values())
    return (
        f"{count(totals['requests'], 'request')}, {totals['admitted']} let in, {refused} refused, "
        f"{totals['charged_tokens']:,} tokens charged"
    )


def list_faults(*, as_json: bool) -> Outcome:
    """Every fault, with what it does and what it needs to be played."""
    from agent.rehearsal.faults import FAULTS

    output = Output(sys.stdout)
    if as_json:
        faults = [{"name": f.name, "about": f.about, "needs": f.wants} for f in FAULTS.values()]
        output.record({"schema": SCHEMA, "type": "faults", "faults": faults})
        return Outcome.DONE
    for fault in FAULTS.values():
        needs = f" Needs {', '.join(fault.wants)}." if fault.wants else ""
        output.line(f"{fault.name:26} {fault.about}{needs}")
    return Outcome.DONE
