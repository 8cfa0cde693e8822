"""Arguments and flags of the command line, each defined once."""

import math
from pathlib import Path
from typing import Annotated

import typer


def finite(number: float | None) -> float | None:
    """Raises BadParameter for what no bound keeps out: `nan` is neither too small nor too large."""
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is not a finite number.")
    return number


MODELS = "Models and endpoint"

Request = Annotated[
    str | None,
    typer.Argument(metavar="REQUEST", help="What you want, in quotes.", show_default=False),
]
RequestFile = Annotated[
    str | None,
    typer.Option(
        "--file", metavar="FILE", help="Read the request from FILE; - for standard input."
    ),
]
PlanFile = Annotated[
    Path, typer.Argument(metavar="PLAN", help="A plan file, such as plans/todo.md.")
]
OptionalPlan = Annotated[
    Path | None, typer.Argument(metavar="PLAN", help="A plan file.", show_default=False)
]
Run = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's name or its beginning; else the newest.", show_default=False
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Answer in JSON; a run answers one object a line.")
]
Unproven = Annotated[bool, typer.Option("--unproven", help="Merge although the run is not proven.")]
Plain = Annotated[bool, typer.Option("--plain", help="Plain lines instead of the live panel.")]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of plan and branch.")
]
Script = Annotated[
    Path | None,
    typer.Option(
        "--rehearsal", metavar="SCRIPT", help="Replies come from SCRIPT instead of a model."
    ),
]
Approve = Annotated[bool, typer.Option("--approve", help="Ask before the plan is executed.")]
AllowDirty = Annotated[
    bool,
    typer.Option("--allow-dirty", help="Start from the last commit, without uncommitted changes."),
]
Rounds = Annotated[
    int | None, typer.Option("--rounds", min=0, max=20, metavar="N", help="Most gardening rounds.")
]
Passes = Annotated[
    int | None,
    typer.Option("--passes", min=0, max=20, metavar="N", help="Most realignment passes."),
]
Model = Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Model of every role.")]
PlannerModel = Annotated[
    str | None, typer.Option("--planner-model", metavar="MODEL", help="Model that plans.")
]
GardenerModel = Annotated[
    str | None,
    typer.Option("--gardener-model", metavar="MODEL", help="Model that reviews the plan."),
]
ExecutorModel = Annotated[
    str | None,
    typer.Option("--executor-model", metavar="MODEL", help="Model that writes the code."),
]
JudgeModel = Annotated[
    str | None, typer.Option("--judge-model", metavar="MODEL", help="Model that judges the result.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Endpoint that speaks the OpenAI dialect."),
]
Base = Annotated[
    str | None, typer.Option("--base", metavar="REV", help="Look only at what changed since REV.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Throw commits and changes away.")]
Markdown = Annotated[
    bool, typer.Option("--markdown", help="Answer in Markdown, which is the default.")
]
Target = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write to FILE instead.")
]
Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="A folder that does not exist yet.")
]
