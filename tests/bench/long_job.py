"""The long job."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from long_jobs.play import play


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", choices=("stepwise", "planned"), action="append")
    parser.add_argument("--cap", choices=("no", "yes"), action="append")
    parser.add_argument("--keep")
    given = parser.parse_args()
    for form in given.form or ("stepwise", "planned"):
        for cap in given.cap or ("no", "yes"):
            folder = Path(given.keep or tempfile.mkdtemp()) / f"{form}-{cap}"
            folder.mkdir(parents=True)
            print(json.dumps(asdict(play(form, folder, is_capped=cap == "yes"))), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
