"""How long the commands take to start, beside an interpreter that does nothing.

    python tests/bench/startup.py [RUNS]

Prints the minimum and median of whole processes in milliseconds, and the ratio of the minima.
Then what `gardener execute` takes from its start to its first request, in the repository of the
long job: wall time, and processor time of the process and of the commands it ran until then.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from long_jobs import work
from long_jobs.play import settings

RUNS = 15
PATIENCE_SECONDS = 60.0


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def milliseconds(command: list[str], folder: Path, runs: int) -> list[float]:
    times = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        subprocess.run(command, cwd=folder, check=False, capture_output=True)
        times.append((time.perf_counter() - begun) * 1000)
    return times[1:]


def first_request(gardener: str, folder: Path, runs: int) -> list[tuple[float, float, float]]:
    """Wall, own processor and commands' processor milliseconds until the first request."""
    repository = work.new_repository(folder / "shops", work.planned())
    home = folder / "home"
    (home / ".config/gardener").mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
    environment = {**kept, "HOME": str(home), "PATH": "/usr/bin:/bin", "LONG_KEY": "bench"}
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        text = settings(f"http://127.0.0.1:{server.getsockname()[1]}/v1", is_capped=False)
        (home / ".config/gardener/config.toml").write_text(text, encoding="utf-8")
        command = [gardener, "execute", work.PLAN, "--json"]
        taken = []
        for _ in range(runs + 1):
            begun = time.perf_counter()
            with subprocess.Popen(
                command, cwd=repository, env=environment, stdout=subprocess.DEVNULL
            ) as program:
                visitor, _ = server.accept()
                with visitor:
                    visitor.recv(1)
                    wall = (time.perf_counter() - begun) * 1000
                    taken.append((wall, *processor_milliseconds(program.pid)))
                    program.kill()
        return taken[1:]


def processor_milliseconds(pid: int) -> tuple[float, float]:
    """Of a process with all its threads, and of those of its children that have ended."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    user, system, of_children, system_of_children = map(int, stat[11:15])
    tick = 1000 / os.sysconf("SC_CLK_TCK")
    return (user + system) * tick, (of_children + system_of_children) * tick


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    gardener = str(Path(sys.executable).with_name("gardener"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = [gardener, "demo", "--plain", "--folder", str(folder / "demo")]
        subprocess.run(demo, check=True, capture_output=True)
        cases = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "gardener --help": [gardener, "--help"],
            "gardener status": [gardener, "status"],
            "gardener status --json": [gardener, "status", "--json"],
        }
        floor = 0.0
        print(f"{'':<24}{'min ms':>8}{'median':>8}{'ratio':>7}")
        for label, command in cases.items():
            times = milliseconds(command, folder / "demo", runs)
            floor = floor or min(times)
            print(
                f"{label:<24}{min(times):>8.0f}{statistics.median(times):>8.0f}"
                f"{min(times) / floor:>7.1f}"
            )
        print("\ngardener execute, to its first request")
        parts = zip(*first_request(gardener, folder, runs), strict=True)
        for label, part in zip(("wall", "own processor", "commands"), parts, strict=True):
            print(f"  {label:<22}{min(part):>8.0f}{statistics.median(part):>8.0f}")


if __name__ == "__main__":
    main()
