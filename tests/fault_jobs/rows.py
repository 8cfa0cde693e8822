"""What each fault may do to a job: the outcomes that are right, as data.

A fault that the engine gets over is right only when the job is done. One that only a person or
the next day can mend stops the job, also when the endpoint would be well again a moment later:
nobody tries a refused key twice. The exit codes are those of agent/errors.py.
"""

from dataclasses import dataclass

from agent.domain.message import ROLES, Role
from agent.errors import Outcome
from agent.rehearsal.faults import FAULTS

DONE, FINDINGS, LIMIT = Outcome.DONE, Outcome.FINDINGS, Outcome.LIMIT
STUCK, UNFINISHED, USAGE = Outcome.STUCK, Outcome.UNFINISHED, Outcome.USAGE
Outcomes = frozenset[Outcome]


@dataclass(frozen=True)
class Row:
    """One fault; `passing`: every request comes through in the end, `staying`: it never does."""

    passing: Outcomes
    staying: dict[Role, Outcomes]
    """By the role whose requests meet it."""


def row(passing: Outcome, staying: Outcome, **roles: Outcome) -> Row:
    return Row(
        frozenset({passing}),
        {role: frozenset({roles.get(role, staying)}) for role in ROLES},
    )


HARMLESS = row(DONE, DONE)
RESENT = row(DONE, LIMIT)
"""Sent again a bounded number of times; then the endpoint is what holds the run up."""
PERSON = row(USAGE, USAGE)
"""A key, a model or a request that only a person can set right."""
DAY = row(LIMIT, LIMIT)
CUT = row(DONE, STUCK, judge=FINDINGS)
"""Whoever is cut four times in a row brings nothing; a judge that brings nothing proves nothing."""
MUTE = Row(
    # Behind a short request it is a refusal that nothing explains. A longer one is sent again, or,
    # where it may not fit the window, made smaller and sent once more.
    frozenset({DONE, USAGE}),
    {
        role: frozenset({USAGE, LIMIT, STUCK if role == "executor" else UNFINISHED})
        for role in ROLES
    },
)
ROWS: dict[str, Row] = {
    **dict.fromkeys(FAULTS, HARMLESS),
    "rate-minute": RESENT,
    "rate-queue": RESENT,
    "rate-empty": RESENT,
    "error-500": RESENT,
    "error-529": RESENT,
    "html-403": RESENT,
    "hang": RESENT,
    "stall": RESENT,
    "drop": RESENT,
    "early-end": RESENT,
    "error-chunk": RESENT,
    "empty-reply": RESENT,
    "rate-day": DAY,
    "key-refused": PERSON,
    "no-credit": PERSON,
    "model-gone": PERSON,
    "empty-400": MUTE,
    "length-cut": CUT,
}
