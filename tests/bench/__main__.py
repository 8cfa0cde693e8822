"""Runs every benchmark, one after the other.

    python tests/bench [--quick]

Exits with 1 when one of them does.
"""

import subprocess
import sys
from pathlib import Path

QUICK = ("governor.py", "faults.py", "long_job.py")
"""Those that know `--quick`."""


def main() -> int:
    given = sys.argv[1:]
    failed = 0
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        flags = [flag for flag in given if flag == "--quick" and path.name in QUICK]
        sys.stdout.write(f"\n== {path.name} {' '.join(flags)}\n")
        sys.stdout.flush()
        failed |= subprocess.run([sys.executable, str(path), *flags], check=False).returncode
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
