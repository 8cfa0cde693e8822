"""A change that breaks a file's syntax is told at once; what was broken before is not."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from agent.domain.ports import ToolOutput
from agent.workspace.local import LocalWorkspace

Call = Callable[..., Awaitable[ToolOutput]]


def error(path: str, line: int, words: str, text: str) -> str:
    return f"\nNew syntax error in {path}:\nline {line}: {words}\n<file>\n{line}\t{text}\n</file>"


@pytest.mark.anyio
async def test_what_an_edit_breaks_is_told_and_kept(call: Call, workspace: LocalWorkspace) -> None:
    edited = await call("edit", edits=[{"path": "app/store.py", "old": "[]", "new": "["}])

    assert edited == ToolOutput(
        "app/store.py: 1 replacement"
        + error("app/store.py", 1, "'[' was never closed", "ITEMS = [")
    )
    assert workspace.read_text("app/store.py") == "ITEMS = [\n"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        (
            "a.py",
            "def f():\nreturn 1\n",
            (2, "expected an indented block after function definition on line 1", "return 1"),
        ),
        ("a.py", "x = 1\nreturn x\n", (2, "'return' outside function", "return x")),
        (
            "a.pyi",
            "def f(a=1, b): ...\n",
            (1, "non-default argument follows default argument", "def f(a=1, b): ..."),
        ),
        ("a.js", "f(function () {\n  g([1, 2);\n});\n", (2, "] is missing", "  g([1, 2);")),
        ("a.mjs", "let x = f(;\nlet y = 1;\n", (1, "this ( is never closed", "let x = f(;")),
        ("a.jsx", "const a = <b>{x</b>;\n", None),
        ("a.ts", "class A {\n  m(): void {\n    c(;\n  }\n}\n", (3, ") is missing", "    c(;")),
        ("a.tsx", "const a = (\n  <b>x</b>\n;\n", (2, ") is missing", "  <b>x</b>")),
        (
            "a.go",
            "package a\n\nfunc f() {\n\tx := 1 +\n}\n",
            (4, "the parser stops here", "\tx := 1 +"),
        ),
        (
            "a.rs",
            "fn f() {\n    let x = 1\n    let y = 2;\n}\n",
            (2, "; is missing", "    let x = 1"),
        ),
        (
            "a.json",
            '{\n  "a": 1,\n}\n',
            (3, "Expecting property name enclosed in double quotes", "}"),
        ),
        ("a.toml", "[a]\nx = \n", (2, "Invalid value", "x = ")),
        (
            "a.yml",
            "a:\n  - b\n c: d\n",
            (3, "while parsing a block mapping, did not find expected key", " c: d"),
        ),
    ],
)
async def test_a_new_file_is_looked_at_in_its_language(
    call: Call, path: str, content: str, told: tuple[int, str, str] | None
) -> None:
    output = await call("write", path=path, content=content)

    if told:
        lines = content.count("\n")
        assert output == ToolOutput(f"created {path} ({lines} lines)" + error(path, *told))
    else:
        assert output.text.count("New syntax error") == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", "type X = int\ndef f[T](a: T) -> T: return a\n"),
        ("a.py", "x = f'{a['b']}'\n"),
        ("a.py", "match x:\n    case [1, *_]: pass\n"),
        ("a.py", "\ufeffx = 1\r\ny = 2\r\n"),
        ("a.py", ""),
        ("a.js", "export const a = async () => <b c={d?.e ?? 1}>{...f}</b>;\n"),
        ("a.ts", "export const a = <T,>(b: T): b is T => (b satisfies T) as const;\n"),
        ("a.tsx", "export const A: FC<P> = ({b}) => <>{b as string}</>;\n"),
        ("a.go", "package a\n\nfunc F[T any](x T) T { return x }\n"),
        ("a.rs", "fn f<'a>(x: &'a str) -> impl Iterator<Item = u8> + 'a { x.bytes() }\n"),
        ("tsconfig.json", '{\n  // comment\n  "a": 1,\n}\n'),
        (".vscode/settings.json", "{ /* all */ }\n"),
        ("a.json", "\ufeff{}\n"),
        ("chart/a.yaml", "{{- if .Values.a }}\na: b\n{{- end }}\n"),
        ("a.yaml", "a: !Ref b\nc: *d\n---\ne: 1\n"),
        ("a.toml", "a = 1\r\n"),
        ("a.txt", "def f(:\n"),
        ("Makefile", "all:\n"),
    ],
)
async def test_what_is_right_is_not_complained_about(call: Call, path: str, content: str) -> None:
    output = await call("write", path=path, content=content)

    assert "syntax" not in output.text


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "before", "old", "new", "told"),
    [
        ("a.py", "print 'a'\nx = 1\n", "x = 1", "y = 1", None),
        ("a.py", "print 'a'\nx = 1\n", "print 'a'", "\n\nprint 'a'", None),
        ("a.py", "print 'a'\nx = 1\n", "x = 1", "x = = 1", (2, "the parser stops here", "x = = 1")),
        ("a.py", "print 'a'\nx = 1\n", "print 'a'", "print('a')", None),
        ("a.rs", "fn f() { let }\nfn g() {}\n", "{}", "{ 1 }", None),
        ("a.json", "{1}\n", "{1}", "\n{1}", None),
    ],
)
async def test_what_was_wrong_before_is_not_told_again(
    call: Call,
    workspace: LocalWorkspace,
    path: str,
    before: str,
    old: str,
    new: str,
    told: tuple[int, str, str] | None,
) -> None:
    workspace.write_text(path, before)

    output = await call("edit", edits=[{"path": path, "old": old, "new": new}])

    assert output == ToolOutput(f"{path}: 1 replacement" + (error(path, *told) if told else ""))


@pytest.mark.anyio
async def test_several_errors_come_in_order_with_the_number_of_the_rest(
    call: Call, workspace: LocalWorkspace
) -> None:
    workspace.write_text("a.rs", "fn f() {}\n" * 6)

    bad = "fn f() { let x = 1 }\n"
    output = await call(
        "edit", edits=[{"path": "a.rs", "old": "fn f() {}\n", "new": bad, "all": True}]
    )

    lines = output.text.split("\n")
    assert lines[1] == "New syntax errors in a.rs:"
    assert [line for line in lines if line.startswith("line ")] == [
        f"line {number}: ; is missing" for number in (1, 2, 3)
    ]
    assert lines[-1] == "[3 more]"


@pytest.mark.anyio
async def test_a_file_that_nests_too_deeply_does_no_harm(call: Call) -> None:
    with anyio.fail_after(10):
        for path in ("a.py", "a.js", "a.tsx", "a.go", "a.rs", "a.json", "a.yaml", "a.toml"):
            output = await call("write", path=path, content=f"{'[' * 5_000}\n")
            assert output.text.startswith(f"created {path} (1 lines)")
