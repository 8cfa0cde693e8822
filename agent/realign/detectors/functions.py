"""Functions of a module with what stands around them: class, decorators, base classes."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from agent.survey.imports import last_name
from agent.survey.sources import Sources

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ABSTRACT_BASES = frozenset({"ABC", "ABCMeta", "Protocol", "Interface"})
ABSTRACT_MARKS = frozenset({"abstractmethod", "abstractproperty", "overload"})


@dataclass(frozen=True)
class Function:
    path: str
    node: FunctionNode
    name: str
    """Qualified: `Store.add`; a second definition of the same name ends in `#2`."""
    owner: ast.ClassDef | None
    typing_only: bool
    """Stands under `if TYPE_CHECKING`."""
    nested: bool
    """Stands inside another function."""

    @property
    def decorators(self) -> frozenset[str]:
        return frozenset(map(last_name, self.node.decorator_list))

    @property
    def body(self) -> list[ast.stmt]:
        """The statements without the docstring."""
        body = self.node.body
        return body[1:] if ast.get_docstring(self.node, clean=False) is not None else body

    @property
    def is_abstract(self) -> bool:
        """Declares what others implement: abstract, overloaded, or a member of a protocol."""
        if self.typing_only or ABSTRACT_MARKS & self.decorators:
            return True
        return self.owner is not None and is_abstract_class(self.owner)


def is_abstract_class(owner: ast.ClassDef) -> bool:
    bases = [*owner.bases, *(keyword.value for keyword in owner.keywords)]
    if ABSTRACT_BASES.intersection(map(last_name, bases)):
        return True
    return any(
        ABSTRACT_MARKS.intersection(map(last_name, item.decorator_list))
        for item in owner.body
        if isinstance(item, FunctionNode)
    )


def functions(path: str, tree: ast.Module | None) -> Iterator[Function]:
    """Every function of a module, nested ones too, from top to bottom."""
    if tree is None:
        return
    seen: Counter[str] = Counter()
    waiting: list[tuple[ast.AST, str, ast.ClassDef | None, bool, bool]]
    waiting = [(tree, "", None, False, False)]
    while waiting:
        node, place, owner, typing_only, nested = waiting.pop()
        if isinstance(node, FunctionNode):
            name = place + node.name
            seen[name] += 1
            shown = name if seen[name] == 1 else f"{name}#{seen[name]}"
            yield Function(path, node, shown, owner, typing_only, nested)
            place, owner, nested = f"{name}.", None, True
        elif isinstance(node, ast.ClassDef):
            place, owner = f"{place}{node.name}.", node
        elif isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING":
            typing_only = True
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, STATEMENTS)]
        waiting += [(child, place, owner, typing_only, nested) for child in reversed(children)]


STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


class ClassFamily:
    """Which class of the checkout extends which; names stand for classes."""

    def __init__(self, sources: Sources) -> None:
        self._bases: dict[str, set[str]] = {}
        self._methods: dict[str, set[str]] = {}
        self._declared: set[str] = set()
        for path in sources.python:
            tree = sources.tree(path)
            for node in ast.walk(tree) if tree is not None else ():
                if isinstance(node, ast.ClassDef):
                    self._add(node)

    def _add(self, node: ast.ClassDef) -> None:
        bases = set(map(last_name, node.bases)) - {"", "object", "Generic"}
        self._bases.setdefault(node.name, set()).update(bases)
        methods = {item.name for item in node.body if isinstance(item, FunctionNode)}
        self._methods.setdefault(node.name, set()).update(methods)
        if is_abstract_class(node):
            self._declared.update(methods)

    def ancestors(self, name: str) -> frozenset[str]:
        seen: set[str] = set()
        waiting = [*self._bases.get(name, ())]
        while waiting:
            base = waiting.pop()
            if base not in seen:
                seen.add(base)
                waiting.extend(self._bases.get(base, ()))
        return frozenset(seen - {name})

    def overrides(self, owner: ast.ClassDef, method: str) -> bool:
        """Whether the method replaces one of a base class, or may: a foreign base is unknown."""
        return any(
            base not in self._methods or method in self._methods[base]
            for base in self.ancestors(owner.name)
        )

    def is_declared(self, method: str) -> bool:
        """Whether a protocol or abstract class asks for a method of this name."""
        return method in self._declared

    def is_overridden(self, owner: ast.ClassDef, method: str) -> bool:
        return any(
            method in methods and owner.name in self.ancestors(name)
            for name, methods in self._methods.items()
        )


def parameters(node: FunctionNode) -> list[str]:
    """Names of the parameters that a caller fills one by one, without self and cls."""
    arguments = node.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in {"self", "cls"} and not name.startswith("_")]


def used_names(body: list[ast.stmt]) -> frozenset[str]:
    """Names that the statements read; `del name` and `_ = name` do not count."""
    return frozenset(
        node.id
        for statement in body
        if not is_discard(statement)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def is_discard(statement: ast.stmt) -> bool:
    match statement:
        case ast.Delete():
            return True
        case ast.Assign(targets=[ast.Name(id="_")], value=ast.Name() | ast.Tuple()):
            return True
        case ast.Expr(value=ast.Name()):
            return True
        case _:
            return False
