"""What the body of a JavaScript or TypeScript test asserts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.realign.detectors.words import word_set
from agent.realign.tampering.grammar import is_literal, leaves, source, squeezed, walk
from agent.realign.tampering.suite import HELPER, Strength, Strengths

if TYPE_CHECKING:
    from tree_sitter import Node

WEAK_MATCHERS = word_set(
    """toBeDefined toBeTruthy toBeInstanceOf toHaveBeenCalled toBeCalled ok exist toExist
    toBeInTheDocument isDefined exists isOk isObject isFunction isString truthy instanceOf a an
    toBeTypeOf"""
)
EXACT_MATCHERS = word_set(
    """toBe toEqual toStrictEqual equal eql deepEqual strictEqual deepStrictEqual is same equals
    toContain toHaveLength toMatch toThrow toThrowError"""
)
ASSERTERS = frozenset({"assert", "t", "chai", "should"})
TELLING = word_set("pass plan comment diagnostic log end teardown timeout before after")
BRANCHES = frozenset({"if_statement", "else_clause", "switch_statement"})
NESTED = frozenset({"arrow_function", "function_expression", "function_declaration"})
ENDS = frozenset({"return_statement", "throw_statement", "break_statement", "continue_statement"})


def chain(call: Node) -> tuple[str, ...]:
    """`expect(x).not.toBe(1)` as expect, not, toBe; `it.each([...])("a")` as it, each."""
    names: list[str] = []
    node: Node | None = call
    while node is not None:
        match node.type:
            case "call_expression":
                node = node.child_by_field_name("function")
            case "member_expression":
                names.append(source(node.child_by_field_name("property")))
                node = node.child_by_field_name("object")
            case "await_expression" | "parenthesized_expression" | "non_null_expression":
                node = node.named_children[0] if node.named_children else None
            case "identifier" | "this":
                names.append(source(node))
                break
            case _:
                break
    return tuple(reversed(names))


def strengths_of(body: Node) -> tuple[Strengths, str]:
    """What can be reached in a body asserts, and why the test stops by itself, if it does."""
    found, held = Strengths(), ""
    for node, times in live(body, 1):
        if node.type == "call_expression":
            found.calls += 1
            held = held or stopped_by(node)
        if is_outermost(node):
            strength = strength_of(node)
            found.add(strength, times, leaves(node) if strength == "strong" else 0)
            found.expectations += expectations(node)
            look(node, found)
    return found, held


def live(node: Node, times: int) -> Iterator[tuple[Node, int]]:
    """Nodes that can be reached, with how often at least."""
    yield node, times
    for child in node.named_children:
        if child.type == "if_statement":
            yield from of_branch(child, times)
        elif child.type == "try_statement" and passes_over(child):
            for part in child.named_children[1:]:
                yield from live(part, times)
        elif child.type == "for_in_statement":
            yield from live(child, times * rounds(child.child_by_field_name("right")))
        else:
            yield from live(child, times)
        if child.type in ENDS:
            return


def of_branch(branch: Node, times: int) -> Iterator[tuple[Node, int]]:
    condition = squeezed(branch.child_by_field_name("condition")).strip("() ")
    for name, dead in (("consequence", {"false", "0", "!1"}), ("alternative", {"true", "1", "!0"})):
        part = branch.child_by_field_name(name)
        if part is not None and condition not in dead:
            yield from live(part, times)


def passes_over(statement: Node) -> bool:
    """Whether a `catch` lets a failed assertion go by."""
    handler = statement.child_by_field_name("handler")
    if handler is None:
        return False
    return not any(
        node.type == "throw_statement"
        or (node.type == "call_expression" and strength_of(node) != "none")
        for node in walk(handler)
    )


def rounds(iterated: Node | None) -> int:
    is_array = iterated is not None and iterated.type == "array"
    return len(iterated.named_children) if is_array and iterated is not None else 1


def is_outermost(node: Node) -> bool:
    """A call or a property such as `expect(x).to.be.true` that is not part of a longer one."""
    if node.type not in {"call_expression", "member_expression"}:
        return False
    parent = node.parent
    return parent is None or parent.type not in {"member_expression", "call_expression"}


def strength_of(node: Node) -> Strength:
    names = chain(node)
    if not names:
        return "none"
    last = names[-1]
    if names[0] == "expect":
        return strength_of_expect(node, names)
    if node.type != "call_expression":
        return "none"
    if names[0] in ASSERTERS and len(names) > 1:
        if last in TELLING or is_vacuous(arguments(node)):
            return "none"
        return "weak" if last in WEAK_MATCHERS else "strong"
    if names == ("assert",):
        return strength_of_claim(arguments(node)[:1])
    return "strong" if HELPER.match(last) and len(names) == 1 else "none"


def strength_of_expect(node: Node, names: tuple[str, ...]) -> Strength:
    if len(names) == 1:
        return "none"
    looked_at = [each for call in inner_calls(node, "expect") for each in arguments(call)]
    wanted = arguments(node) if node.type == "call_expression" else []
    if is_vacuous([*looked_at[:1], *wanted[:1]]) or (looked_at and is_literal(looked_at[0])):
        return "none"
    is_absence = "not" in names and names[-1] in {"toBeNull", "toBeUndefined", "toThrow", "null"}
    return "weak" if names[-1] in WEAK_MATCHERS or is_absence else "strong"


def strength_of_claim(claims: list[Node]) -> Strength:
    if not claims or is_literal(claims[0]):
        return "none"
    return "strong" if claims[0].type == "binary_expression" else "weak"


def is_vacuous(parts: list[Node]) -> bool:
    """`toBe` of the very same, or of two literals."""
    if len(parts) < 2:
        return bool(parts) and is_literal(parts[0])
    return squeezed(parts[0]) == squeezed(parts[1])


def inner_calls(node: Node, name: str) -> Iterator[Node]:
    for each in walk(node):
        if each.type == "call_expression" and chain(each) == (name,):
            yield each


def arguments(call: Node) -> list[Node]:
    found = call.child_by_field_name("arguments")
    return list(found.named_children) if found is not None else []


def stopped_by(call: Node) -> str:
    """`this.skip()`, `t.skip()`, `process.exit()`."""
    names = chain(call)
    if names[-1:] in {("skip",), ("todo",)} and names[0] in {"this", "t", "ctx", "context", "test"}:
        return "skipped"
    return "cut off by the end of the process" if names == ("process", "exit") else ""


def look(node: Node, found: Strengths) -> None:
    """Notes what `expect(...)` looks at, and whether it does so as a whole."""
    names = chain(node)
    if names[:1] == ("expect",) and len(names) > 1:
        looked_at = [squeezed(a) for call in inner_calls(node, "expect") for a in arguments(call)]
        found.parts += looked_at[:1]
        if names[1:] in {("toEqual",), ("toStrictEqual",), ("to", "deep", "equal"), ("to", "eql")}:
            found.wholes += looked_at[:1]


def expectations(node: Node) -> Iterator[tuple[str, str]]:
    names = chain(node)
    if node.type != "call_expression" or names[-1:] == () or names[-1] not in EXACT_MATCHERS:
        return
    wanted = arguments(node)
    if names[0] == "expect":
        looked_at = [each for call in inner_calls(node, "expect") for each in arguments(call)]
    elif names[0] in ASSERTERS:
        looked_at, wanted = wanted[:1], wanted[1:2]
    else:
        return
    if looked_at and wanted and is_literal(wanted[0]):
        yield squeezed(looked_at[0]), squeezed(wanted[0])
