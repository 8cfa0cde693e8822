"""The drawn tree of errors is the real one."""

import re

import pytest

from agent import errors
from agent.errors import Action, GardenerError, ProviderError

LINE = re.compile(r"^(?P<rail>[│ ]*)[├└]── (?P<name>\w+) +(?P<code>\d+)   (?P<rest>.*)$")
DRAWN_ACTIONS = {
    "wait": Action.WAIT,
    "checkpoint": Action.CHECKPOINT,
    "shrink": Action.SHRINK,
    "resend": Action.RESEND,
    "switch": Action.SWITCH,
    "stop": Action.STOP,
}
Drawn = tuple[str, str, int, Action | None]


def drawn() -> list[Drawn]:
    """Name, parent, exit code and action of each line of the docstring's tree."""
    rows: list[Drawn] = []
    trail: list[str] = ["GardenerError"]
    for line in (errors.__doc__ or "").splitlines():
        if found := LINE.match(line):
            depth = len(found["rail"]) // 4
            trail = [*trail[: depth + 1], found["name"]]
            is_provider = "ProviderError" in trail
            action = DRAWN_ACTIONS[found["rest"].split()[0]] if is_provider else None
            rows.append((found["name"], trail[-2], int(found["code"]), action))
    return rows


def real() -> list[Drawn]:
    found: list[Drawn] = []

    def visit(kind: type[GardenerError]) -> None:
        for child in kind.__subclasses__():
            if child.__module__ != "agent.errors":
                continue
            action = child.action if issubclass(child, ProviderError) else None
            found.append((child.__name__, kind.__name__, child.outcome.exit_code, action))
            visit(child)

    visit(GardenerError)
    return found


def test_the_drawing_has_every_class_with_its_exit_code_and_action() -> None:
    assert drawn() == real()


@pytest.mark.parametrize("action", Action)
def test_every_action_is_asked_for_by_some_error(action: Action) -> None:
    assert action in {row[3] for row in drawn()}
