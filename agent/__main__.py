"""`python -m agent` is `gardener`."""

import sys

from agent.frontends.cli import main

if __name__ == "__main__":
    sys.exit(main())
