"""One run of the long job: a server with the policy, the real program beside it, the figures."""

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

from agent.domain.limits import Limit
from agent.journal import FILE_NAME, read_entries
from agent.rehearsal.clock import RealTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.flavours_more import flavour_of
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.script import ScriptedReply
from agent.rehearsal.server import SERVED, RehearsalServer
from agent.rehearsal.wire import Asked, Complaint
from long_jobs import work
from long_jobs.batching import Batching
from long_jobs.memory import Memory, cpu_ns, watched
from long_jobs.policy import Desk, Player
from long_jobs.stepwise import Stepwise
from long_jobs.times import checks_until, overheads

Form = Literal["stepwise", "planned"]
MINUTE_TOKENS = 400_000
RESERVATION_CAP = 16_384
FIRST_TOKEN_SECONDS = 0.3
TOKENS_PER_SECOND = 1_500.0
CHARACTERS_PER_TOKEN = 4.0
CACHE_BLOCK_TOKENS = 32
WINDOW_TOKENS = 131_072
TURNS = 200
"""Of a session, at most: what the job takes as one task is more than the default."""
LONGEST_SECONDS = 1_200.0


@dataclass(frozen=True)
class Figures:
    """What one run cost; tokens as the server counts them, times in seconds where not said."""

    form: Form
    is_capped: bool
    exit_code: int
    mended: int
    wall_seconds: float
    requests: int
    refused: int
    """With 429."""
    other_refusals: int
    prompt_tokens: int
    peak_tokens: int
    first_tokens: int
    cached_share: float
    charged_tokens: int
    extra_turns: int
    """Replies that only looked again at what was shown before."""
    startup_seconds: float
    """From the start of the process to its first request, without the commands of checks."""
    check_seconds: float
    """... and those commands."""
    startup_cpu_seconds: float
    """Processor time of the program itself until then."""
    turn_cpu_ms: float
    """Median of the same from one request to the next."""
    overhead_ms: float
    """Median time of a turn from the end of a reply to the next request, without tools."""
    overhead_p95_ms: float
    between_tasks_ms: float
    """Median of the same from the last reply of a task to the first request of the next."""
    memory_mb: float
    """Peak of the program itself."""
    tree_mb: float
    """Peak of the program and all it started."""
    cpu_seconds: float


class Noted:
    """Answers by a player, and notes what the program had of the processor when it asked."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self.pid = 0
        self.spent_ns: list[int] = []

    def __call__(self, asked: Asked) -> ScriptedReply | Complaint:
        self.spent_ns.append(cpu_ns(self.pid))
        return self._player(asked)


class NotedTime(RealTime):
    """Notes when each reply had left."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[float] = []

    def wait_until(self, instant: float) -> None:
        super().wait_until(instant)
        self.left.append(self.now())


def conditions(*, is_capped: bool) -> Conditions:
    """The simulated endpoint that the other harnesses were measured with."""
    minute = Limit(unit="tokens", window="minute", amount=MINUTE_TOKENS, refill="fixed")
    return Conditions(
        flavour=replace(flavour_of("cerebras"), cache_block_tokens=CACHE_BLOCK_TOKENS),
        any_model=True,
        window_tokens=WINDOW_TOKENS,
        characters_per_token=CHARACTERS_PER_TOKEN,
        limits=(minute,) if is_capped else (),
        charging=Charging(mode="admission", cap_tokens=RESERVATION_CAP),
        tokens_per_second=TOKENS_PER_SECOND,
        first_token_seconds=FIRST_TOKEN_SECONDS,
        keeps_reservation=True,
    )


def settings(base_url: str, *, is_capped: bool) -> str:
    """A user's settings for it."""
    limit = f'{{unit = "tokens", window = "minute", amount = {MINUTE_TOKENS}, refill = "fixed"}}'
    return "\n".join(
        (
            'profile = "long"',
            f"turns_per_session = {TURNS}",
            "[profiles.long]",
            'like = "cerebras-code-max"',
            'model = "qwen-3-coder"',
            f'base_url = "{base_url}"',
            'key_env = "LONG_KEY"',
            f"limits = [{limit if is_capped else ''}]",
        )
    )


def play(form: Form, folder: Path, *, is_capped: bool) -> Figures:
    """Plays the job once in `folder`, which is empty."""
    plan = work.stepwise() if form == "stepwise" else work.planned()
    repository = work.new_repository(folder / "shops", plan)
    desk = Desk(lambda: worktree_of(repository))
    policy = Stepwise(desk) if form == "stepwise" else Batching(desk)
    clock = NotedTime()
    player = Noted(Player(policy))
    with RehearsalServer(player, conditions(is_capped=is_capped), clock) as server:
        home = folder / "home"
        (home / ".config/gardener").mkdir(parents=True)
        text = settings(server.base_url, is_capped=is_capped)
        (home / ".config/gardener/config.toml").write_text(text, encoding="utf-8")
        begun = clock.now()
        memory, code = run_program(repository, home, player)
        wall = clock.now() - begun
        seen = server.requests
    entries = tuple(read_entries(next(repository.glob(".git/gardener/runs/*")) / FILE_NAME))
    served = [each for each in seen if each.status == SERVED]
    prompt = sum(each.prompt_tokens for each in served)
    checks = checks_until(entries, seen[0].at)
    turns, between = overheads(seen, clock.left, entries)
    return Figures(
        form=form,
        is_capped=is_capped,
        exit_code=code,
        mended=sum(desk.is_mended(number) for number in range(work.WRONG)),
        wall_seconds=round(wall, 1),
        requests=len(served),
        refused=sum(each.status == 429 for each in seen),
        other_refusals=sum(each.status not in (429, SERVED) for each in seen),
        prompt_tokens=prompt,
        peak_tokens=max(each.prompt_tokens for each in served),
        first_tokens=served[0].prompt_tokens,
        cached_share=round(sum(each.cached_tokens for each in served) / prompt, 4),
        charged_tokens=sum(each.charged_tokens for each in served),
        extra_turns=desk.extra_reads,
        startup_seconds=round(seen[0].at - begun - checks, 3),
        check_seconds=round(checks, 3),
        startup_cpu_seconds=round(player.spent_ns[0] / 1e9, 3),
        turn_cpu_ms=round(statistics.median(b - a for a, b in pairwise(player.spent_ns)) / 1e6, 1),
        overhead_ms=round(statistics.median(turns), 1),
        overhead_p95_ms=round(statistics.quantiles(turns, n=20)[18], 1),
        between_tasks_ms=round(statistics.median(between), 1) if between else 0.0,
        memory_mb=round(memory.own_bytes / 1e6, 1),
        tree_mb=round(memory.tree_bytes / 1e6, 1),
        cpu_seconds=round(memory.cpu_seconds, 1),
    )


def worktree_of(repository: Path) -> Path:
    """Where the program works: the checkout that is not the user's."""
    listed = subprocess.run(
        ["git", "worktree", "list", "--porcelain"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = [
        line.removeprefix("worktree ") for line in listed.splitlines() if line[:9] == "worktree "
    ]
    return Path(found[-1])


def run_program(repository: Path, home: Path, player: Noted) -> tuple[Memory, int]:
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LONG_KEY": "long-job"}
    if path := os.environ.get("PYTHONPATH"):
        environment["PYTHONPATH"] = path
    command = [str(Path(sys.executable).with_name("gardener")), "execute", work.PLAN, "--json"]
    with (home / "stdout").open("wb") as out, (home / "stderr").open("wb") as error:
        program = subprocess.Popen(
            command, cwd=repository, env=environment, stdout=out, stderr=error
        )
        player.pid = program.pid
        return watched(program, LONGEST_SECONDS)
