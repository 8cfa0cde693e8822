"""What an executor is shown of the repository before it begins."""

from collections.abc import Callable

from agent.context.brief import MAP_TOKENS, File
from agent.context.repo_slice import Interest, neighbours, ranked, repo_slice
from agent.context.signatures import signatures
from agent.domain.plan import Task
from agent.engine.run_context import RunContext
from agent.errors import WorkspaceError

MOST_READ = 100
"""Files whose imports and signatures are looked at; the nearest by their names."""
LARGEST_CHARACTERS = 200_000


def files_of(context: RunContext, paths: tuple[str, ...]) -> list[File]:
    """Those that are there and are text."""
    files = []
    for path in paths:
        try:
            files.append(File(path=path, text=context.workspace.read_text(path)))
        except WorkspaceError:
            continue
    return files


def surroundings(
    context: RunContext, task: Task, files: tuple[str, ...]
) -> Callable[[frozenset[str]], str]:
    """Draws the map of the repository as this task needs it, without files that are shown whole.

    The files are read once, however often it is drawn.
    """
    wanted = [item for item in context.plan.requirements if item.id in task.serves]
    words = [task.title, task.brief, task.wiring, *(f"{r.title} {r.acceptance}" for r in wanted)]
    interest = Interest(task.files, frozenset(), " ".join(words))
    nearest = ranked(files, interest, {})[:MOST_READ]
    texts = {
        file.path: file.text
        for file in files_of(context, tuple(nearest))
        if len(file.text) <= LARGEST_CHARACTERS
    }
    symbols = {path: signatures(path, text) for path, text in texts.items()}
    interest = Interest(task.files, neighbours(task.files, texts), interest.text)
    order = ranked(files, interest, symbols)
    return lambda shown: repo_slice(order, symbols, MAP_TOKENS, shown)
