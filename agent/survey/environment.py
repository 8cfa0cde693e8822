"""The environment variables that the code reads."""

import ast
import re

from agent.survey.classify import is_test
from agent.survey.imports import last_name
from agent.survey.sources import Sources

NODE_VARIABLE = re.compile(r"process\.env(?:\.([A-Z_][A-Z0-9_]*)|\[['\"]([A-Z_][A-Z0-9_]*)['\"]\])")
NODE_FILES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx")
PYTHON_READERS = frozenset({"get", "setdefault", "pop"})


def environment_variables(sources: Sources) -> tuple[str, ...]:
    found: set[str] = set()
    for path in sources.files:
        if is_test(path):
            continue
        if path.endswith(".py"):
            found.update(filter(None, map(python_variable, sources.nodes(path))))
        elif path.endswith(NODE_FILES):
            for dotted, quoted in NODE_VARIABLE.findall(sources.text(path) or ""):
                found.add(dotted or quoted)
    return tuple(sorted(found))


def python_variable(node: ast.AST) -> str:
    """The name in `os.environ["X"]`, `os.environ.get("X")` and `os.getenv("X")`."""
    match node:
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(name))):
            return name if last_name(holder) == "environ" else ""
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
            return name if is_reader(func) else ""
        case _:
            return ""


def is_reader(func: ast.expr) -> bool:
    match func:
        case ast.Attribute(value=holder, attr=method) if method in PYTHON_READERS:
            return last_name(holder) == "environ"
        case _:
            return last_name(func) == "getenv"
