"""Plays a job: a whole run among faults, and a second one without them where the first stopped."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
from scenario import Session, calls, git

from agent.domain.event import (
    PHASES,
    Event,
    ModelRefused,
    Throttled,
    ToolFinished,
    ToolStarted,
)
from agent.domain.message import SessionKey, ToolCall
from agent.domain.state import fold
from agent.errors import GardenerError, Outcome
from agent.rehearsal.faults import FAULTS, NO_FAULTS
from agent.rehearsal.visit import SeenRequest
from agent.wiring import RunResult, resume_run, start_run
from fault_jobs.clock import SCALE, FastClock, FastTime
from fault_jobs.stage import (
    FIRST_BYTE_SECONDS,
    MAX_WAIT_SECONDS,
    REQUEST_ATTEMPTS,
    STALL_SECONDS,
    Job,
    Stage,
)
from fault_jobs.work import HONEST, SESSIONS, is_asked_for, is_plan, request

CLOSE_SECONDS = 1.0
SILENCE_SECONDS = FIRST_BYTE_SECONDS + STALL_SECONDS + CLOSE_SECONDS
"""The most that one request may be silent; in real seconds, as all that says nothing else."""
WORK_SECONDS = 45.0
"""All but requests and waits: git, checks and commands, on a busy machine."""
MOST_TURNS = 40
DAY_SECONDS = 86_400.0
FILLER = calls(say="never served")


@dataclass(frozen=True)
class Attempt:
    """One run of the program, and what is known of it."""

    result: RunResult | None
    """None when it was given up, or broke."""
    error: str
    """What it raised; empty when it ended with a result."""
    seconds: float
    timed_out: bool
    events: tuple[Event, ...]
    """Those of this run alone."""
    seen: tuple[SeenRequest, ...]
    """What its servers were asked."""
    wrong: tuple[str, ...]
    """Files of commits, and calls that were made, that are not what the replies say."""
    is_whole: bool
    """Whether the branch ends with exactly the honest files."""

    @property
    def is_done(self) -> bool:
        return self.result is not None and self.result.outcome == Outcome.DONE

    @property
    def told_seconds(self) -> float:
        """What it may take with these requests and the waits that it told of."""
        waits = sum(
            each.seconds if isinstance(each, Throttled) else each.wait_seconds
            for each in self.events
            if isinstance(each, Throttled | ModelRefused)
        )
        return WORK_SECONDS + len(self.seen) * SILENCE_SECONDS + waits / SCALE


@dataclass(frozen=True)
class Played:
    job: Job
    first: Attempt
    second: Attempt | None = None
    """The run that went on without faults; None when the first was done, or never began."""

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return (self.first, self.second) if self.second else (self.first,)


def longest_seconds(job: Job) -> float:
    """What no run of a job may take, whatever happens: turns, tries and waits at their most."""
    return WORK_SECONDS + MOST_TURNS * longest_reply_seconds(job)


def longest_reply_seconds(job: Job) -> float:
    """Every try silent to its end, and the longest wait behind each."""
    tries = (REQUEST_ATTEMPTS + job.accounts - 1) * (2 if job.spare else 1)
    return tries * (SILENCE_SECONDS + MAX_WAIT_SECONDS / SCALE)


def play(job: Job, folder: Path) -> Played:
    """Plays a job in an empty folder, and goes on with it without faults if it stopped."""
    stage, time = Stage(job, folder), FastTime()
    with stage.open(time, SESSIONS, job.plan):
        first = anyio.run(attempt, stage, time)
    if first.result is None or first.is_done:
        return Played(job, first)
    later = FastTime(time.now() + pause_seconds(first))
    with stage.open(later, script_from_here(first), NO_FAULTS):
        second = anyio.run(attempt, stage, later)
    return Played(job, first, second)


async def attempt(stage: Stage, time: FastTime) -> Attempt:
    """Begins the run, or goes on with it."""
    before, begun = len(stage.events), anyio.current_time()
    result, error = None, ""
    with anyio.move_on_after(longest_seconds(stage.job)) as patience:
        try:
            result = await run(stage, FastClock(time))
        except GardenerError as refused:
            error = f"{type(refused).__name__}: {refused}"
        except Exception as broken:  # noqa: BLE001 - a job that breaks is what is looked for
            error = f"bug, {type(broken).__name__}: {broken}"
    branch = result.branch if result else ""
    events = stage.events[before:]
    return Attempt(
        result=result,
        error=error,
        seconds=anyio.current_time() - begun,
        timed_out=patience.cancelled_caught,
        events=events,
        seen=stage.seen,
        wrong=(*wrong_calls(events), *(wrong_files(stage.repository, branch) if branch else ())),
        is_whole=bool(branch) and is_whole(stage.repository, branch),
    )


async def run(stage: Stage, clock: FastClock) -> RunResult:
    place, settings, folder = stage.repository, stage.settings, stage.run_folder
    if folder is not None:
        return await resume_run(place=place, settings=settings, run_folder=folder, clock=clock)
    asked = request(stage.job.length)
    return await start_run(
        place=place, settings=settings, request=asked, phases=PHASES, clock=clock
    )


def pause_seconds(first: Attempt) -> float:
    """What follows a day's limit goes on the next day, everything else at once."""
    return DAY_SECONDS if any("rate-day" in each.faults for each in first.seen) else 0.0


def script_from_here(first: Attempt) -> tuple[Session, ...]:
    """The script for a server that begins in the middle of sessions.

    A reply that was cut is a turn for the run and none for the script, and a server that is new
    does not know which were.
    """
    last = {(each.session, each.turn): each for each in first.seen}
    own = []
    for name, session in fold(first.events).sessions.items():
        turns = range(session.replies)
        if spoiled := [turn for turn in turns if is_spoiled(last.get((name, turn)))]:
            own.append(with_fillers(session.key, spoiled))
    return (*own, *SESSIONS)


def is_spoiled(seen: SeenRequest | None) -> bool:
    return seen is not None and any(FAULTS[name].costs for name in seen.faults)


def with_fillers(key: SessionKey, turns: list[int]) -> Session:
    base = next(
        each
        for each in SESSIONS
        if each["role"] == key.role and each.get("subject") in (None, key.subject)
    )
    replies = list(base["replies"])
    for turn in turns:
        replies.insert(turn, FILLER)
    return {**base, "subject": key.subject, "attempt": key.attempt, "replies": replies}


def wrong_calls(events: tuple[Event, ...]) -> Iterator[str]:
    """Calls that were made although no reply of the script makes them so."""
    started: dict[tuple[str, str], ToolCall] = {}
    for event in events:
        if isinstance(event, ToolStarted):
            started[str(event.session), event.call.call_id] = event.call
        elif isinstance(event, ToolFinished) and not event.result.is_error:
            call = started.get((str(event.session), event.result.call_id))
            if call and not is_asked_for(call.name, call.arguments):
                yield f"{event.session}: {call.name} {call.arguments[:200]}"


def wrong_files(repository: Path, branch: str) -> Iterator[str]:
    """Files of any commit on the branch whose content no honest reply gave."""
    honest = {path: {blob(text) for text in texts} for path, texts in HONEST.items()}
    for commit in git(repository, "log", "--format=%H", f"main..{branch}").split():
        for path, name in tree(repository, commit).items():
            if name not in honest.get(path, set()):
                yield f"{commit[:8]}:{path}"


def is_whole(repository: Path, branch: str) -> bool:
    return tree(repository, branch) == {path: blob(texts[0]) for path, texts in HONEST.items()}


def tree(repository: Path, commit: str) -> dict[str, str]:
    """The name of each file's content; plans, the harness's own, are left out."""
    listed = git(repository, "ls-tree", "-r", "-z", commit).split("\0")
    entries = (entry.partition("\t") for entry in listed if entry)
    return {path: head.split()[2] for head, _, path in entries if not is_plan(path)}


def blob(text: str) -> str:
    """The name that git gives to a content."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
