"""The command that tries an endpoint, as the command line sees it."""

from typing import Annotated

import typer

from agent.frontends import flags

Profile = Annotated[
    str | None,
    typer.Argument(
        metavar="PROFILE",
        help="A profile's name; else the one of the settings.",
        show_default=False,
    ),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="MODEL", help="In place of the profile's model.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="In place of the profile's address.")
]
Cheap = Annotated[
    bool,
    typer.Option(
        "--cheap",
        help="Leave out the request over the window, which a right endpoint refuses unpaid.",
    ),
]
Write = Annotated[
    bool, typer.Option("--write", help="Put the changes into your own settings file.")
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        min=0.1,
        max=3600,
        callback=flags.finite,
        metavar="S",
        help="How long one try may take.",
    ),
]


def doctor(
    profile: Profile = None,
    model: Model = None,
    base_url: BaseUrl = None,
    cheap: Cheap = False,
    write: Write = False,
    timeout: Timeout = 30.0,
    json: flags.Json = False,
) -> int:
    """Try an endpoint and say what is true of it.

    Its keys, models, window, streams, tool calls, usage, limits, speed and clock, and what to
    change in its profile.

    \b
    Example:  gardener doctor cerebras --write
    Next:     gardener plan "what you want"
    """
    from agent.frontends import commands_doctor

    return commands_doctor.doctor(
        as_json=json,
        write=write,
        profile=profile,
        model=model,
        base_url=base_url,
        cheap=cheap,
        timeout_seconds=timeout,
    ).exit_code
