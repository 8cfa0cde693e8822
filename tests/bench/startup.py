"""How long the commands take to start, beside an interpreter that does nothing.

    python tests/bench/startup.py [RUNS]

Prints the minimum and median of whole processes in milliseconds, and the ratio of the minima.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15


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


if __name__ == "__main__":
    main()
