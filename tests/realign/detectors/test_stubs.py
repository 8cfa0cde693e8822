import textwrap
from collections.abc import Callable

import pytest

from agent.domain.finding import Finding, finding_id

Audited = Callable[..., tuple[Finding, ...]]

STUBS = {
    "pass": "def save(todo) -> None:\n    pass",
    "ellipsis": "def save(todo): ...",
    "docstring": 'def save(todo):\n    """Saves the todo."""',
    "not implemented": "def save(todo):\n    raise NotImplementedError",
    "not implemented with words": 'def save(todo):\n    raise NotImplementedError("later")',
    "async": "async def save(todo):\n    pass",
    "none for data": "def load(path) -> dict[str, str]:\n    return None",
    "empty list": "def search(query):\n    return []",
    "empty dict": "def fetch_weather(city) -> dict[str, int]:\n    return {}",
    "method": "class Store:\n    def save(self, todo) -> None:\n        pass",
    "nobody implements it": "class Store:\n    def save(self, todo):\n"
    "        raise NotImplementedError",
    "override that promises data": "class Client(Base):\n    def ask(self, text) -> str:\n"
    "        pass",
    "says so": 'def save(todo):\n    print("TODO: write to disk")',
    "returns it": 'def save(todo):\n    return "Not implemented yet"',
    "raises it": 'def save(todo):\n    raise RuntimeError("not implemented")',
    "reason that is none": "def save(todo):\n    # does nothing for now\n    pass",
    "nested and promising": "def make():\n    def load() -> str: ...\n    return load",
}

HONEST = {
    "abstract method": """
        from abc import ABC, abstractmethod
        class Store(ABC):
            @abstractmethod
            def save(self, todo): ...
            def on_close(self): pass
        """,
    "protocol": """
        from typing import Protocol
        class Store(Protocol):
            def save(self, todo) -> bool: ...
            @property
            def path(self) -> str: ...
        """,
    "generic protocol": """
        class Store(Protocol[T]):
            def save(self, todo: T) -> bool: ...
        """,
    "overload": """
        @overload
        def get(key: str) -> str: ...
        @overload
        def get(key: int) -> int: ...
        def get(key): return TABLE[key]
        """,
    "type checking only": """
        if TYPE_CHECKING:
            def reveal(x: int) -> str: ...
        """,
    "exceptions and markers": """
        class ShopError(Exception): pass
        class Marker: ...
        class NotPaid(ShopError):
            \"\"\"The order is not paid.\"\"\"
        """,
    "empty initializer": """
        class Plain:
            def __init__(self) -> None:
                pass
            def __exit__(self, *exc) -> None: ...
        """,
    "dataclass": """
        @dataclass(frozen=True)
        class Todo:
            text: str
            def __post_init__(self) -> None: ...
        """,
    "base class of another": """
        class Store:
            def save(self, todo):
                raise NotImplementedError
        class FileStore(Store):
            def save(self, todo):
                self.path.write_text(todo)
        """,
    "hook of a base class": """
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format, *args):
                pass
        """,
    "null object": """
        class Sink:
            def write(self, text) -> None: print(text)
        class Nowhere(Sink):
            def write(self, text) -> None: pass
        class NullClock:
            def tick(self) -> None: pass
        """,
    "implements a protocol and needs nothing": """
        class Listener(Protocol):
            def tell(self, event) -> None: ...
        class Deaf:
            def tell(self, event) -> None: pass
        """,
    "callbacks": """
        def noop(*args): pass
        def on_ready(app): pass
        def copy(tree, walk):
            def failed(*args): pass
            walk(tree, failed)
        """,
    "command group": """
        @click.group()
        def cli() -> None:
            \"\"\"Manages todos.\"\"\"
        """,
    "platform branch": """
        if hasattr(socket, "TCP_NODELAY"):
            def set_nodelay(sock): sock.setsockopt(1, 2, 3)
        else:
            def set_nodelay(sock): pass
        """,
    "reason given": """
        class Memory:
            def compact(self) -> None:
                \"\"\"There is nothing to compact in memory.\"\"\"
            def close(self) -> None: pass
        """,
    "unsupported by a variant": """
        class Image(Formatter):
            def styles(self):
                raise NotImplementedError("pictures do not support styles")
        """,
    "returns nothing on purpose": """
        def find(items, name):
            for item in items:
                if item.name == name: return item
            return None
        def initial() -> list[str]: return []
        def default_tags(): return {}
        class A(Base):
            def get_filters(self, request): return []
        """,
    "conditionally not implemented": """
        def open_socket(kind):
            if kind != "tcp":
                raise NotImplementedError(kind)
            return socket(kind)
        """,
}


def stubs(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.message for finding in findings if finding.rule == "stub-body"]


@pytest.mark.parametrize("source", STUBS.values(), ids=STUBS)
def test_a_function_without_a_body_is_found(audited: Audited, source: str) -> None:
    assert len(stubs(audited({"main.py": source + "\n"}))) == 1


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_what_rightly_has_no_body_is_left_alone(audited: Audited, source: str) -> None:
    assert stubs(audited({"main.py": textwrap.dedent(source)})) == []


def test_stub_files_and_tests_are_no_code_to_be_written(audited: Audited) -> None:
    source = "def save(todo) -> bool: ...\n"
    assert audited({"main.pyi": source, "tests/fakes.py": source, "main.py": "x = 1\n"}) == ()


def test_a_finding_shows_the_code_and_how_to_mend_it(audited: Audited) -> None:
    source = "import os\n\n\nclass Store:\n    @cached\n    def save(self, todo):\n        pass\n"
    assert audited({"main.py": source}) == (
        Finding(
            id=finding_id("stub-body", "main.py", "Store.save"),
            rule="stub-body",
            severity="error",
            path="main.py",
            line=6,
            message="Store.save is a stub: it has no body.",
            evidence="def save(self, todo):\n    pass",
            remedy="Write the body so that it does what its name and callers expect, or remove it.",
        ),
    )


def test_the_id_stays_when_lines_move(audited: Audited) -> None:
    source = "def save(todo):\n    pass\n"
    (before,) = audited({"main.py": source})
    (after,) = audited({"main.py": "import os\n\n# more\n" + source})
    assert (before.id, before.line) == (after.id, after.line - 3)


def test_two_stubs_of_the_same_name_are_two_findings(audited: Audited) -> None:
    source = "if X:\n    def save(todo): ...\nelse:\n    def save(todo): ...\n"
    assert [f.line for f in audited({"main.py": source})] == [2, 4]


def test_only_changed_files_are_reported(audited: Audited) -> None:
    files = {"main.py": "import other\ndef save(x): ...\n", "other.py": "def load(x): ...\n"}
    assert [f.path for f in audited(files, changed=frozenset({"other.py"}))] == ["other.py"]
