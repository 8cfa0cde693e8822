"""The survey: facts read from a repository without a model."""

from agent.domain.value import Value


class StartCommand(Value):
    """A way to start the program that the repository declares."""

    command: str
    path: str
    """The file that it enters, relative to the root."""


class Survey(Value):
    commit: str
    languages: dict[str, int]
    """Language name to number of files."""
    files: int
    commands: dict[str, str]
    """`test`, `build`, `lint`, `install` to the command the repository suggests."""
    entry_points: tuple[StartCommand, ...]
    dependencies: dict[str, tuple[str, ...]]
    """Manifest path to the names it declares."""
    test_files: tuple[str, ...]
    conventions: tuple[str, ...]
    """Files that say how to work here, such as CONTRIBUTING.md."""
    environment: tuple[str, ...]
    """Names of environment variables that the code reads."""
    repo_map: str
    """Files with the signatures in them, cut to a token budget."""
