"""`python -m agent` is `gardener`."""

from agent.frontends.cli import main

if __name__ == "__main__":
    main()
