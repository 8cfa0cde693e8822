"""Whole runs among faults: each ends with the right content, or stops with the right exit code.

    python tests/bench/faults.py [--quick] [--only NAME]

Every fault alone in every dialect, every refusal in each provider's words, every fault that stays,
and 200 seeded combinations of two to five. A job is a real run of two tasks against a server that
plays its script and the faults, and, where it stopped, a second run without faults that has to
come to the right end. What is right stands in fault_jobs/rows.py. `--only` repeats one job and
tells of it; `--quick` plays one in ten. Time runs 120 times as fast, but for the client's patience
with a silent server:

    a request is silent for at most  first byte + stall + close  = 2.5 s
    a reply comes after at most      6 tries x (2.5 s + 75 s / 120)
    a run takes at most              45 s of work + requests x 2.5 s + the waits it told / 120

Exits with 1 when anything is wrong.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[1]))

from fault_jobs import draw
from fault_jobs.job import longest_seconds
from fault_jobs.stage import Job
from fault_jobs.verdict import HANG, PROBLEMS, Verdict, judged

from agent.errors import Outcome

SEEDS = 200
WORKERS = 3
"""One more than the processors that it is measured on: runs wait now and then."""
MEMORY = Path("/dev/shm")
"""Where git's flushes to disk cost nothing."""


class HungError(Exception):
    """The job keeps the interpreter busy beyond every bound."""


def on_alarm(number: int, frame: FrameType | None) -> None:
    raise HungError(f"busy at {frame.f_code.co_qualname}" if frame else "busy")


def played(job: Job) -> Verdict:
    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 2 * longest_seconds(job) + 60)
    place = MEMORY if MEMORY.is_dir() else None
    try:
        with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
            return judged(job, Path(folder))
    except HungError as error:
        return Verdict(job, HANG, 0.0, resumed=False, problems=((HANG, str(error)),))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def groups(quick: bool) -> dict[str, list[Job]]:
    every = 10 if quick else 1
    return {
        "alone": draw.alone()[::every],
        "in other words": draw.worded()[::every],
        "staying": draw.staying()[::every],
        "combined": [draw.combined(seed) for seed in range(0, SEEDS, every)],
    }


def table(results: dict[str, list[Verdict]]) -> str:
    heads = ("jobs", "finished right", "stopped right", "resumed right", *PROBLEMS)
    rows = {name: figures(verdicts) for name, verdicts in results.items()}
    rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    lines = [f"{'':<16}" + "".join(f"{head:>{len(head) + 2}}" for head in heads)]
    for name, row in rows.items():
        cells = (f"{cell:>{len(head) + 2}}" for cell, head in zip(row, heads, strict=True))
        lines.append(f"{name:<16}" + "".join(cells))
    return "\n".join(lines)


def figures(verdicts: list[Verdict]) -> list[int]:
    right = [each for each in verdicts if not each.problems]
    done = sum(each.ended == Outcome.DONE for each in right)
    kinds = Counter(kind for each in verdicts for kind in {kind for kind, _ in each.problems})
    resumed = sum(each.resumed for each in verdicts)
    return [len(verdicts), done, len(right) - done, resumed, *(kinds[kind] for kind in PROBLEMS)]


def described(verdict: Verdict) -> str:
    job = verdict.job
    stays = "staying" if job.stays else "passing"
    window = f", {job.window_tokens} tokens really" if job.window_tokens else ""
    lines = [
        f"{job.name}: {verdict.ended}; {', '.join(job.faults)}; share {job.share}, {stays}; "
        f"{job.role or 'every role'} at {job.profile}{window}, {job.accounts} accounts, "
        f"fallback {job.spare or 'none'}, {job.length} request",
        *(f"    {kind}: {seen}" for kind, seen in verdict.problems),
        f"    python tests/bench/faults.py --only {job.name}",
    ]
    return "\n".join(lines)


def endings(verdicts: list[Verdict]) -> str:
    counted = Counter(each.ended for each in verdicts)
    return ", ".join(f"{count} {word}" for word, count in counted.most_common())


def main() -> int:
    parser = argparse.ArgumentParser(description="Whole runs among faults.")
    parser.add_argument("--quick", action="store_true", help="one job in ten")
    parser.add_argument("--only", metavar="NAME", help="one job: a seed, or a name of the table")
    given = parser.parse_args()
    if given.only:
        verdict = played(draw.named(given.only))
        print(described(verdict))
        return 1 if verdict.problems else 0
    begun, results = time.monotonic(), {}
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        for name, jobs in groups(given.quick).items():
            results[name] = list(pool.map(played, jobs))
    verdicts = [each for group in results.values() for each in group]
    wrong = [each for each in verdicts if each.problems]
    print(table(results))
    print(f"endings: {endings(verdicts)}")
    longest = max(each.seconds for each in verdicts)
    print(f"{time.monotonic() - begun:.0f} s in all, {longest:.0f} s the longest job")
    print(*map(described, wrong), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
