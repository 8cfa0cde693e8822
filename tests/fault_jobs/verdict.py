"""Whether a job ended as it should, and what is wrong where it did not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.domain.event import ModelReplaced, ModelResponded
from agent.domain.message import ROLES, Role
from agent.errors import Outcome
from fault_jobs.clock import SCALE
from fault_jobs.job import Attempt, Played, longest_reply_seconds, play
from fault_jobs.rows import DAY, PERSON, ROWS, Outcomes
from fault_jobs.stage import Job

WRONG_CONTENT, HANG, WRONG_EXIT = "wrong content", "hang", "wrong exit code"
NOT_RESUMED, NOT_PLAYED = "not resumed right", "fault not played"
PROBLEMS = (WRONG_CONTENT, HANG, WRONG_EXIT, NOT_RESUMED, NOT_PLAYED)
DONE: Outcomes = frozenset({Outcome.DONE})
Problem = tuple[str, str]
"""One of the kinds above, and what was seen."""


@dataclass(frozen=True)
class Verdict:
    job: Job
    ended: str
    """The word of its outcome, or what came in place of one."""
    seconds: float
    resumed: bool
    """Whether it stopped, and a resume brought it to the right end."""
    problems: tuple[Problem, ...]


def judged(job: Job, folder: Path) -> Verdict:
    """Plays a job in an empty folder."""
    played = play(job, folder)
    first, second = played.first, played.second
    return Verdict(
        job=job,
        ended=ending(first),
        seconds=sum(each.seconds for each in played.attempts),
        resumed=second is not None and second.is_done and second.is_whole,
        problems=(*problems(played), *(p for each in played.attempts for p in hangs(job, each))),
    )


def ending(attempt: Attempt) -> str:
    if attempt.result:
        return attempt.result.outcome
    return HANG if attempt.timed_out else attempt.error


def problems(played: Played) -> Iterator[Problem]:
    job, first, second = played.job, played.first, played.second
    for each in played.attempts:
        for place in each.wrong:
            yield WRONG_CONTENT, place
        if each.is_done and not each.is_whole:
            yield WRONG_CONTENT, "the branch does not end with the honest files"
    if first.result is None:
        yield (HANG if first.timed_out else WRONG_EXIT), ending(first)
    elif first.result.outcome not in (allowed := right_outcomes(job, first)):
        wanted = " or ".join(sorted(allowed))
        yield WRONG_EXIT, f"{first.result.outcome} in place of {wanted}: {first.result.message}"
    if second and not second.is_done:
        told = f": {second.result.message}" if second.result else ""
        yield NOT_RESUMED, f"{ending(second)}{told}"
    if not job.is_drawn and not names_played(first):
        yield NOT_PLAYED, ", ".join(job.faults)


def hangs(job: Job, attempt: Attempt) -> Iterator[Problem]:
    """Where it took longer than its requests and the told waits may, as a whole or for a reply."""
    if attempt.seconds > attempt.told_seconds:
        yield HANG, f"{attempt.seconds:.0f} s, {attempt.told_seconds:.0f} s at most were told"
    most = longest_reply_seconds(job)
    for each in attempt.events:
        if isinstance(each, ModelResponded) and each.seconds / SCALE > most:
            yield HANG, f"a reply to {each.session} after more than {most:.0f} s"


def names_played(attempt: Attempt) -> frozenset[str]:
    return frozenset(name for each in attempt.seen for name in each.faults)


def right_outcomes(job: Job, first: Attempt) -> Outcomes:
    """The outcomes that the table allows for what was played.

    A stop has to come from the last request, which went wrong: who stops for another reason stops
    for none. The gardener's look at a task that nobody could do comes after what went wrong.
    """
    last = next((each for each in reversed(first.seen) if not is_review(each.session)), None)
    stops = frozenset[Outcome]()
    for name in last.faults if last else ():
        row = ROWS[name]
        stops |= row.staying[role_of(last.session)] if job.stays and last else row.passing
    names = names_played(first)
    if job.accounts > 1 and "rate-day" in names and any(ROWS[name] is PERSON for name in names):
        # The account that is refused for good is left out, and the other one's day waited for.
        stops |= ROWS["rate-day"].passing
    return (stops - DONE) | (DONE if may_be_done(job, first) else frozenset())


def is_review(session: str) -> bool:
    return session.startswith("gardener/T")


def may_be_done(job: Job, first: Attempt) -> bool:
    """Whether nothing was played that always stops a run.

    Another account may go on where one is refused, and so may a fallback.
    """
    names = names_played(first)
    if not job.is_drawn:
        rows = [ROWS[name] for name in names]
        allowed = [row.staying[job.role or "planner"] if job.stays else row.passing for row in rows]
        return all(Outcome.DONE in each for each in allowed)
    gone_on = any(isinstance(each, ModelReplaced) for each in first.events)
    final = any(ROWS[name] in (PERSON, DAY) for name in names)
    return not final or job.accounts > 1 or gone_on


def role_of(session: str) -> Role:
    return next(role for role in ROLES if session.startswith(f"{role}/"))
