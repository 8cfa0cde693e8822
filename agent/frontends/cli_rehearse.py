"""The command that serves the rehearsal, as the command line sees it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.frontends import flags

Script = Annotated[
    Path | None,
    typer.Argument(
        metavar="SCRIPT",
        help="Replies come from SCRIPT; without one short replies are made up.",
        show_default=False,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Play the endpoint of this profile: its limits, window, errors and speed. Such as "
        "cerebras, groq, anthropic or vllm; a wrong name is told the right ones.",
    ),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="MODEL", help="In place of the profile's model.")
]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65_535, metavar="PORT", help="0: any that is free.")
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="LIMIT",
        help="Such as tokens/minute=300k or requests/day=2400:fixed; may be given again.",
    ),
]


class Charge(StrEnum):
    """When the limits count."""

    admission = "admission"
    usage = "usage"


Charges = Annotated[
    Charge | None,
    typer.Option(
        "--charge",
        help="When limits count: input and reservation at admission, or what was used afterwards.",
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        "--window", min=1_024, max=100_000_000, metavar="N", help="Tokens of input and output."
    ),
]
TokensPerSecond = Annotated[
    float | None,
    typer.Option("--tokens-per-second", min=0, callback=flags.finite, metavar="N", help="Speed."),
]
FirstToken = Annotated[
    float,
    typer.Option(
        "--first-token-seconds",
        min=0,
        callback=flags.finite,
        metavar="S",
        help="Time to the first token.",
    ),
]
TimeScale = Annotated[
    float,
    typer.Option(
        "--time-scale",
        callback=flags.finite,
        min=0.001,
        max=100_000,
        metavar="N",
        help="Seconds of the server's time that pass in a real one.",
    ),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="NAME",
        help="Such as drop, qwen-xml or all; may be given again.",
    ),
]
ListFaults = Annotated[
    bool, typer.Option("--list-faults", help="Show every fault and do nothing else.")
]
Share = Annotated[
    float,
    typer.Option(
        "--faults-share",
        min=0,
        max=1,
        callback=flags.finite,
        metavar="N",
        help="Share of requests that are hit.",
    ),
]
Stay = Annotated[
    bool,
    typer.Option(
        "--faults-stay", help="Also hit a request that is sent again; else it is served clean."
    ),
]
Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", help="The same seed hits the same requests."),
]


def rehearse(
    script: Script = None,
    profile: Profile = None,
    model: Model = None,
    port: Port = 0,
    window: Window = None,
    limit: Limits = None,
    charge: Charges = None,
    tokens_per_second: TokensPerSecond = None,
    first_token_seconds: FirstToken = 0.0,
    time_scale: TimeScale = 1.0,
    fault: Faults = None,
    faults_share: Share = 0.2,
    faults_stay: Stay = False,
    seed: Seed = 0,
    list_faults: ListFaults = False,
    json: flags.Json = False,
) -> int:
    """Serve a scripted model, with limits and faults.

    It runs until Ctrl-C, takes any key, and speaks the dialects of OpenAI (chat completions and
    responses) and of Anthropic (messages).

    \b
    Example:  gardener rehearse --profile cerebras-code-pro --fault drop --seed 7
    Next:     the lines that it prints, in another terminal
    """
    from agent.frontends import commands_rehearse

    if list_faults:
        return commands_rehearse.list_faults(as_json=json).exit_code
    return commands_rehearse.rehearse(
        as_json=json,
        script=script,
        profile=profile,
        model=model,
        port=port,
        window_tokens=window,
        limits=tuple(limit or ()),
        charge=charge.value if charge else None,
        faults=tuple(fault or ()),
        faults_share=faults_share,
        faults_stay=faults_stay,
        seed=seed,
        time_scale=time_scale,
        tokens_per_second=tokens_per_second,
        first_token_seconds=first_token_seconds,
    ).exit_code
