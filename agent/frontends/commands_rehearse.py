"""Serves the rehearsal until it is stopped, and says what is on."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import Outcome, UsageError
from agent.frontends.output import SCHEMA, Output
from agent.frontends.text import REHEARSAL, count

if TYPE_CHECKING:
    from agent.rehearsal.conditions import Conditions
    from agent.rehearsal.faults import FaultPlan
    from agent.wiring.rehearse import Rehearsal

MOST_SHOWN = 6


def rehearse(*, as_json: bool, **given: Any) -> Outcome:  # noqa: ANN401 - RehearsalOptions' fields
    """Returns when the user stops it; raises UsageError when the port is taken."""
    import anyio

    from agent.wiring.rehearse import RehearsalOptions, prepare_rehearsal

    options = RehearsalOptions(**given)
    rehearsal = prepare_rehearsal(options)
    server, output = rehearsal.server, Output(sys.stdout)
    try:
        server.start()
    except OSError as error:
        raise UsageError(
            f"cannot listen on port {options.port}: {error.strerror}; name another with --port"
        ) from None

    def announce() -> None:
        if as_json:
            output.record(start_record(rehearsal))
        else:
            output.line("\n".join(start_lines(rehearsal, options.script, options.time_scale)))

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


def start_record(rehearsal: "Rehearsal") -> dict[str, Any]:
    conditions = rehearsal.conditions
    return {
        "schema": SCHEMA,
        "type": "rehearsal_started",
        "base_url": rehearsal.server.base_url,
        "models": list(conditions.models),
        "flavour": conditions.flavour.name,
        "window_tokens": conditions.window_tokens,
        "limits": [limit.model_dump() for limit in conditions.limits],
        "faults": list(conditions.faults.names),
        "faults_share": conditions.faults.share,
        "seed": conditions.faults.seed,
    }


def start_lines(rehearsal: "Rehearsal", script: Path | None, time_scale: float) -> Iterator[str]:
    conditions, url = rehearsal.conditions, rehearsal.server.base_url
    yield f"{REHEARSAL}{f' in {script}' if script else ', no model is asked'}"
    yield f"  base URL   {url}"
    models = ", ".join(conditions.models) or "any"
    window = f"window of {conditions.window_tokens:,} tokens"
    yield f"  endpoint   {conditions.flavour.name}, model {models}, {window}"
    yield f"  limits     {limits_text(conditions)}"
    yield f"  speed      {speed_text(conditions, time_scale)}"
    yield f"  faults     {faults_text(conditions.faults)}"
    yield f"  counters   {url}/rehearsal/counters"
    yield f"  requests   {url}/rehearsal/log"
    yield f"try: {example_line(rehearsal, script)}"
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
        told.append(f"time {time_scale:g} times as fast, waits told in real seconds")
    return ", ".join(told)


def faults_text(plan: "FaultPlan") -> str:
    if not plan.names:
        return "none"
    names = plan.names
    shown = ", ".join(names) if len(names) <= MOST_SHOWN else f"{len(names)} kinds"
    again = "" if plan.transient else ", also when they come again"
    return f"{shown}; {plan.share:.0%} of requests{again}, seed {plan.seed}"


def example_line(rehearsal: "Rehearsal", script: Path | None) -> str:
    """A made-up reply builds nothing, but shows what the endpoint is like."""
    url, name = rehearsal.server.base_url, rehearsal.profile.name
    if script:
        return f'GARDENER_PROFILE={name} OPENAI_BASE_URL={url} gardener run "REQUEST"'
    ask = '{"model": "%s", "messages": [{"role": "user", "content": "hi"}]}'
    return f"curl {url}/chat/completions -d '{ask % (rehearsal.profile.model or 'any')}'"


def totals_line(totals: Mapping[str, Any]) -> str:
    refused = sum(totals["refused"].values())
    return (
        f"{count(totals['requests'], 'request')}, {totals['admitted']} let in, {refused} refused, "
        f"{totals['charged_tokens']:,} tokens charged"
    )


def list_faults(*, as_json: bool) -> Outcome:
    """Every fault, with what it does."""
    from agent.rehearsal.faults import FAULTS

    output = Output(sys.stdout)
    for fault in FAULTS.values():
        if as_json:
            output.record({"schema": SCHEMA, "name": fault.name, "about": fault.about})
        else:
            output.line(f"{fault.name:26} {fault.about}")
    return Outcome.DONE
