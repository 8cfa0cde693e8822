"""A run that is killed at any instant is resumed to the same tree, with nothing done twice.

One whole run is played, and its disk is kept as it was behind every event, and as it was before
the next where that differs: a commit that is made and not journalled, a command that ran, a reply
that came. Each of these is what `kill -9` leaves. From each, the run is resumed until
it stands where the whole run stood at the end of a task or a phase, at the latest until it ends.
"""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from e2e.whole_run import Player
from scenario import Played, git, played

from agent.config import Settings, load_settings
from agent.domain.event import PHASES, Entry, PhaseStarted, TaskFinished, TaskReviewed
from agent.domain.state import RunState, apply, fold
from agent.journal import FILE_NAME, read_entries
from agent.limits.ledger import add_up
from agent.limits.sqlite_books import SqliteBooks
from agent.planning.planfile import render
from agent.rehearsal.server import RehearsalServer
from agent.rehearsal.visit import SeenRequest
from agent.wiring import RunResult, resume_run, start_run
from agent.wiring.machine import SystemClock

LINES = ("first try", "second try", "made", "loud", "told")
PARTS = 16
"""The states of the disk are gone through in so many tests."""


@dataclass(frozen=True)
class Moment:
    """What a kill leaves: the disk, and what the endpoint has served until then."""

    name: str
    disk: Path
    served: int


class Photographer(SystemClock):
    """Copies the disk behind every event, and whenever the run looks at its clock, as it does
    right before every event; of the latter, the last look before each event counts."""

    def __init__(self, world: Path, server: RehearsalServer, album: Path) -> None:
        self.world, self.server, self.album = world, server, album
        self.moments: dict[str, Moment] = {}
        self.count = 0
        self._last: object = None
        album.mkdir()

    def now(self) -> datetime:
        if self.count:
            self.take(f"before event {self.count + 1}")
        return datetime.now(UTC)

    def listen(self, entry: Entry) -> None:
        self.count = entry.seq
        self.take(f"behind event {entry.seq}, {entry.event.type}")

    def take(self, name: str) -> None:
        seen = (self.count, len(self.server.requests), fingerprint(self.world))
        if seen == self._last:
            return
        self._last = seen
        disk = self.album / name.partition(",")[0]
        shutil.rmtree(disk, ignore_errors=True)
        copy(self.world, disk)
        self.moments[name] = Moment(name, disk, len(self.server.requests))


MILESTONES = (PhaseStarted, TaskFinished, TaskReviewed)
"""Nothing is under way behind these."""
Standing = tuple[object, ...]


class Joined(BaseException):
    """The run stands where the whole run stood, so the rest of it is known."""


def standing_of(state: RunState, world: Path) -> Standing:
    """All that decides how a run goes on."""
    repository = world / "repository"
    assert state.started
    assert state.plan
    branch = state.started.branch
    return (
        state.phase,
        render(state.plan),
        [finding.id for finding in state.plan_findings],
        state.rounds,
        {name: (t.status, t.attempt, t.rung, t.tried) for name, t in state.tasks.items()},
        {name: [r.passed for r in ran.results] for name, ran in state.requirement_before.items()},
        git(repository, "rev-parse", f"{branch}^{{tree}}"),
        git(repository, "log", "--format=%s", branch),
        sorted(Player(world).lines()),
    )


class Comparer:
    """Follows a run from milestone to milestone; those behind an audit look the same and may not
    be, since a resumed run gets its passes anew."""

    def __init__(
        self, world: Path, past: Iterable[Entry] = (), known: Sequence[Standing] = ()
    ) -> None:
        self.world, self.known = world, known
        self.state = fold(entry.event for entry in past)
        self.seen: list[Standing] = []

    def __call__(self, entry: Entry) -> None:
        apply(self.state, entry.event)
        if isinstance(entry.event, MILESTONES) and self.state.plan and not self.state.audits:
            self.seen.append(standing_of(self.state, self.world))
            if self.seen[-1] in self.known:
                raise Joined


@dataclass(frozen=True)
class Whole:
    """A run that nothing interrupted, and the moments in it."""

    world: Path
    server: RehearsalServer
    run: Played
    tree: str
    commits: tuple[str, ...]
    moments: tuple[Moment, ...]
    milestones: tuple[Standing, ...]

    @property
    def repository(self) -> Path:
        return self.world / "repository"

    @property
    def settings(self) -> Settings:
        return settings_of(self.world, self.server)

    def put_back(self, moment: Moment) -> None:
        shutil.rmtree(self.world)
        copy(moment.disk, self.world)

    def resume(self) -> Played | None:
        """The run at its end; None when it joined the whole run before."""
        folder = self.run.result.run_folder
        comparer = Comparer(self.world, read_entries(folder / FILE_NAME), self.milestones)

        async def work() -> RunResult:
            return await resume_run(
                place=self.repository,
                settings=self.settings,
                run_folder=folder,
                listeners=(comparer,),
            )

        try:
            return played(anyio.run(work), self.repository)
        except Joined:
            return None

    def booked(self) -> tuple[int, int, int]:
        """Requests, input tokens and output tokens in the ledger."""
        books = SqliteBooks(next(self.world.glob("home/**/ledger.sqlite")), now=0.0)
        try:
            total = add_up(books.bookings(), "run", {}).total
        finally:
            books.close()
        return total.requests, total.input, total.output


def settings_of(world: Path, server: RehearsalServer) -> Settings:
    environment = {"HOME": str(world / "home"), "PATH": "/usr/bin:/bin"}
    table = {"model": "rehearsal", "base_url": server.base_url}
    given = {
        "profile": "local",
        "profiles": {"local": table},
        # the commands leave their traces outside of the checkout
        "sandbox": "off",
        "working_tokens": 5000,
    }
    return load_settings(environment, world / "repository", given)


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True, timeout=60)


def fingerprint(folder: Path) -> list[tuple[str, int, int]]:
    states = ((path, path.lstat()) for path in sorted(folder.rglob("*")))
    return [(str(path), state.st_mtime_ns, state.st_size) for path, state in states]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    world = tmp_path_factory.mktemp("killed") / "world"
    repository = world / "repository"
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    (repository / "README.md").write_text("hello\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "begin")
    with RehearsalServer(Player(world)) as server:
        photographer = Photographer(world, server, world.parent / "album")
        comparer = Comparer(world)

        async def work() -> RunResult:
            return await start_run(
                place=repository,
                settings=settings_of(world, server),
                request="Greet me by name.\n",
                phases=PHASES,
                listeners=(photographer.listen, comparer),
                clock=photographer,
            )

        run = played(anyio.run(work), repository)
        moments = tuple(photographer.moments.values())
        commits, milestones = tuple(run.commits()), tuple(comparer.seen)
        yield Whole(world, server, run, tree_of(run), commits, moments, milestones)


def tree_of(run: Played) -> str:
    """The hash of all files on the run's branch."""
    return run.git("rev-parse", f"{run.result.branch}^{{tree}}").strip()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_run_killed_at_any_event_ends_as_if_it_had_not_been(whole: Whole, part: int) -> None:
    faults = {
        m.name: found for m in whole.moments[part::PARTS] if (found := faults_after(whole, m))
    }
    assert faults == {}


def faults_after(whole: Whole, moment: Moment) -> list[str]:
    """What is not as it should be when the run is resumed from this moment."""
    whole.put_back(moment)
    begun = len(whole.server.requests)
    resumed = whole.resume()
    seen = (*whole.server.requests[: moment.served], *whole.server.requests[begun:])
    facts: dict[str, tuple[object, object]] = {"the ledger": (whole.booked(), served(seen))}
    if resumed:
        ended = [event.task_id for event in resumed.of(TaskFinished) if event.status == "done"]
        facts |= {
            "the outcome": (resumed.result.outcome, whole.run.result.outcome),
            "the tree": (tree_of(resumed), whole.tree),
            "the commits": (tuple(resumed.commits()), whole.commits),
            "the tasks done": (ended, ["T01", "T02", "T03", "T01r1"]),
            "the commands made": (sorted(Player(whole.world).lines()), sorted(LINES)),
        }
    asked = Counter((each.session, each.turn) for each in seen)
    again = [name for name, count in asked.items() for _ in range(count - 1)]
    faults = [f"{name}: {found}" for name, (found, wanted) in facts.items() if found != wanted]
    return faults + ([f"asked again: {again}"] if len(again) > 1 else [])


def served(seen: Iterable[SeenRequest]) -> tuple[int, int, int]:
    """Requests, input tokens and output tokens, as the endpoint counted them."""
    rows = [(1, each.prompt_tokens, each.completion_tokens) for each in seen]
    requests, prompt, completion = map(sum, zip(*rows, strict=True))
    return requests, prompt, completion
