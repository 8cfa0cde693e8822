"""What a Python statement asserts, and how much that says."""

import ast
from collections.abc import Iterator, Mapping

from agent.realign.detectors.assertions import is_always_true, passes_over
from agent.realign.detectors.words import word_set
from agent.realign.tampering.suite import HELPER, Strength, Strengths
from agent.survey.imports import last_name

WEAK_CALLS = word_set(
    """assertTrue assertFalse assertIsNotNone assertIsInstance assertNotIsInstance assert_called
    assert_called_once assert_any_call assertLogs assertNoLogs assertWarns"""
)
TRUTH_CALLS = frozenset({"assertTrue", "assertFalse"})
RAISING_CALLS = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns"})
OTHER_CALLS = frozenset({"fail", "check_call", "check_output", "raise_for_status"})
ANY_ERROR = frozenset({"Exception", "BaseException", "AssertionError", "object"})
SUPPRESSING = frozenset({"Exception", "BaseException", "AssertionError"})
BLOCKS = (
    ast.If,
    ast.While,
    ast.For,
    ast.AsyncFor,
    ast.Try,
    ast.With,
    ast.AsyncWith,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Match,
)
DEAD_AFTER = (ast.Return, ast.Continue, ast.Break, ast.Raise)
EQUALITIES = frozenset({"assertEqual", "assertEquals", "assertListEqual", "assertIs"})
COMPARING_CALLS = EQUALITIES | word_set(
    "assertNotEqual assertIsNot assertIn assertNotIn assertGreater assertLess assertAlmostEqual"
)
EMPTY = frozenset({"[]", "()", "{}", "''", "set()"})
COMPARING = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is)


Tables = Mapping[str, int]
"""Names of lists that stand in the module, with their length."""


def strengths_of(body: list[ast.stmt], tables: Tables) -> Strengths:
    """What a function's statements assert, as far as they can be reached."""
    found = Strengths()
    for node, times in live(body, 1, tables):
        if isinstance(node, ast.Call):
            found.calls += 1
        strength = strength_of(node)
        found.add(strength, times, leaves(node) if strength == "strong" else 0)
        found.expectations += expectations(node)
        look(node, found)
    return found


def live(body: list[ast.stmt], times: int, tables: Tables) -> Iterator[tuple[ast.AST, int]]:
    """Expressions and assertions that can be reached, with how often at least."""
    for statement in body:
        yield from of_statement(statement, times, tables)
        if isinstance(statement, DEAD_AFTER):
            return


def of_statement(statement: ast.stmt, times: int, tables: Tables) -> Iterator[tuple[ast.AST, int]]:
    if isinstance(statement, ast.ClassDef):
        return
    if not isinstance(statement, BLOCKS):
        yield from within(statement, times)
        return
    for header in ast.iter_child_nodes(statement):
        if isinstance(header, ast.expr | ast.withitem):
            yield from within(header, times)
    for body in branches(statement):
        yield from live(body, times * rounds_of(statement, tables), tables)


def branches(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement whose failed assertions would be noticed."""
    match statement:
        case ast.If(test=test, body=body, orelse=orelse):
            yield from [] if is_false(test) else [body]
            yield from [] if is_always_true(test) else [orelse]
        case ast.While(test=test, body=body):
            yield from [] if is_false(test) else [body]
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            yield from [] if any(map(passes_over, handlers)) else [body]
            yield from (*(handler.body for handler in handlers), orelse, final)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            yield from [] if any(suppresses(item.context_expr) for item in items) else [body]
        case ast.Match(cases=cases):
            yield from (case.body for case in cases)
        case _:
            yield getattr(statement, "body", [])


def rounds_of(statement: ast.stmt, tables: Tables) -> int:
    return rounds(statement.iter, tables) if isinstance(statement, ast.For | ast.AsyncFor) else 1


def within(node: ast.AST, times: int) -> Iterator[tuple[ast.AST, int]]:
    for each in ast.walk(node):
        yield each, times


def is_false(test: ast.expr) -> bool:
    match test:
        case ast.Constant(value=value):
            return not value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_always_true(operand)
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.BoolOp(op=ast.And(), values=values):
            return any(map(is_false, values))
        case _:
            return False


def rounds(source: ast.expr, tables: Tables) -> int:
    """How often a loop over a literal goes round; 1 where that is not written down."""
    match source:
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            return len(elts)
        case ast.Dict(keys=keys):
            return len(keys)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(count))]):
            return 1 if count else 0
        case ast.Call(func=ast.Name(id="enumerate" | "sorted" | "list"), args=[first, *_]):
            return rounds(first, tables)
        case (
            ast.Name(id=name) | ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="items"))
        ):
            return tables.get(name, 1)
        case ast.Call(func=ast.Attribute(value=ast.Dict(keys=keys), attr="items")):
            return len(keys)
        case _:
            return 1


def suppresses(context: ast.expr) -> bool:
    """`suppress(Exception)`, and `raises(AssertionError)`, which wants the failure."""
    match context:
        case ast.Call(func=func, args=args) if last_name(func) == "suppress":
            return any(last_name(arg) in SUPPRESSING for arg in args)
        case ast.Call(func=func, args=[first, *_]) if last_name(func) in RAISING_CALLS:
            return last_name(first) in SUPPRESSING
        case _:
            return False


def strength_of(node: ast.AST) -> Strength:
    match node:
        case ast.Assert(test=test):
            return strength_of_claim(test)
        case ast.Raise(exc=exc) if exc is not None and last_name(exc) == "AssertionError":
            return "weak"
        case ast.Call(func=func, args=args) if is_checked_run(node):
            return "weak"
        case ast.Call(func=func, args=args):
            return strength_of_call(last_name(func), args)
        case _:
            return "none"


def is_checked_run(call: ast.Call) -> bool:
    return last_name(call.func) == "run" and any(
        word.arg == "check" and is_always_true(word.value) for word in call.keywords
    )


def strength_of_call(name: str, args: list[ast.expr]) -> Strength:
    if name in TRUTH_CALLS and args:
        claimed = strength_of_claim(args[0])
        is_vacuous = name == "assertFalse" and isinstance(args[0], ast.Constant)
        return "none" if is_vacuous else claimed
    if name in RAISING_CALLS:
        wide = not args or last_name(args[0]) in ANY_ERROR
        return "weak" if wide else "strong"
    if name in WEAK_CALLS or name in OTHER_CALLS:
        return "weak"
    if not HELPER.match(name):
        return "none"
    vacuous = len(args) >= 2 and (
        same(args[0], args[1])
        or (name in COMPARING_CALLS and not any(map(looks_at_something, args[:2])))
    )
    return "none" if vacuous else "strong"


def strength_of_claim(claim: ast.expr) -> Strength:
    """What `assert claim` says."""
    if is_always_true(claim) or not looks_at_something(claim):
        return "none"
    match claim:
        case ast.Compare(left=left, ops=ops, comparators=rights):
            return strength_of_comparison(left, ops, rights)
        case ast.BoolOp(op=ast.And(), values=values):
            found = {strength_of_claim(value) for value in values}
            return "strong" if "strong" in found else "weak"
        case ast.BoolOp(op=ast.Or(), values=values):
            found = {strength_of_claim(value) for value in values}
            return "strong" if found == {"strong"} else "weak"
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare() as inner):
            return strength_of_claim(inner)
        case _:
            return "weak"


def strength_of_comparison(
    left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]
) -> Strength:
    if len(ops) == 1 and same(left, rights[0]):
        return "none"
    is_length = isinstance(left, ast.Call) and last_name(left.func) == "len"
    for op, right in zip(ops, rights, strict=True):
        if isinstance(op, ast.IsNot | ast.NotEq) and isinstance(right, ast.Constant):
            return "weak"
        if isinstance(op, ast.Eq) and ast.unparse(right) in EMPTY:
            # says hardly more than `not x`, and is often written so
            return "weak"
        if is_length and isinstance(op, ast.Gt) and getattr(right, "value", None) == 0:
            return "weak"
        if isinstance(left, ast.Call) and last_name(left.func) == "type":
            return "weak"
        if not isinstance(op, COMPARING):
            return "weak"
    return "strong"


def looks_at_something(claim: ast.expr) -> bool:
    """Whether anything but literals is in it."""
    return any(isinstance(node, ast.Name | ast.Await) for node in ast.walk(claim))


def same(left: ast.expr, right: ast.expr) -> bool:
    return ast.dump(left) == ast.dump(right)


def leaves(node: ast.AST) -> int:
    return sum(isinstance(each, ast.Constant) for each in ast.walk(node))


def look(node: ast.AST, found: Strengths) -> None:
    """Notes what a comparison looks at, and whether it does so as a whole."""
    match node:
        case ast.Assert(test=ast.Compare(left=left, ops=[op], comparators=[_])):
            found.parts.append(ast.unparse(left))
            if isinstance(op, ast.Eq):
                found.wholes.append(ast.unparse(left))
        case ast.Call(func=func, args=[left, _, *_]) if last_name(func) in EQUALITIES:
            found.parts.append(ast.unparse(left))
            found.wholes.append(ast.unparse(left))


def expectations(node: ast.AST) -> Iterator[tuple[str, str]]:
    """What an assertion of equality looks at, and the literal that it wants."""
    match node:
        case ast.Assert(
            test=ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right])
        ):
            yield from expectation(left, right)
        case ast.Call(func=func, args=[left, right, *_]):
            if last_name(func) in EQUALITIES:
                yield from expectation(left, right)
        case _:
            return


def expectation(left: ast.expr, right: ast.expr) -> Iterator[tuple[str, str]]:
    if is_literal(right) and not is_literal(left):
        yield ast.unparse(left), ast.unparse(right)
    elif is_literal(left) and not is_literal(right):
        yield ast.unparse(right), ast.unparse(left)


def is_literal(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            return all(map(is_literal, elts))
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and is_literal(key) for key in keys) and all(
                map(is_literal, values)
            )
        case ast.UnaryOp(operand=operand):
            return is_literal(operand)
        case _:
            return False
