"""Errors in a plan file name the file, the line and the field."""

import pytest

from agent.errors import PlanError
from agent.planning.planfile import parse

FRONT = "---\ngardener: 1\nplan: x\n---\n"
HEAD = FRONT + "# X\n## Request\n> r\n"
REQUIREMENT = HEAD + "## Requirements\n### R1: t\n"
TASK = HEAD + "## Tasks\n### T01: t\n"
ENTRY = HEAD + "## Entry points\n### E1: `x`\n"

CASES = {
    "no front matter": ("# X\n", 1, "", "begins with its front matter"),
    "open front matter": ("---\nplan: x\n", 1, "", "not closed with a line `---`"),
    "unknown front word": (
        "---\nplan: x\nowner: me\n---\n",
        3,
        "owner",
        "unknown line 'owner: me'; the words are gardener, plan, revision, base",
    ),
    "front word twice": ("---\nplan: x\nplan: y\n---\n# X\n", 3, "plan", "is given twice"),
    "other version": ("---\ngardener: 2\nplan: x\n---\n# X\n", 2, "gardener", "`gardener: 1`"),
    "no name": ("---\ngardener: 1\n---\n# X\n## Request\n> r", 1, "plan", "has no `plan: name`"),
    "bad name": (
        "---\ngardener: 1\nplan: My Plan\n---\n# X\n## Request\n> r",
        3,
        "plan",
        "a name is words of a-z and 0-9",
    ),
    "bad base": (HEAD.replace("plan: x", "plan: x\nbase: HEAD"), 4, "base", "a commit is 7 to 64"),
    "bad revision": (
        HEAD.replace("plan: x", "plan: x\nrevision: two"),
        4,
        "revision",
        "'two' is not a whole number",
    ),
    "no title": (FRONT + "## Request\n> r\n", 5, "title", "expected the title"),
    "text before the title": (FRONT + "\nhello\n# X\n", 6, "title", "expected the title"),
    "second title": (HEAD + "# Y\n", 8, "", "a second title"),
    "no request": (FRONT + "# X\n", 5, "Request", "there is no section `## Request`"),
    "empty request": (FRONT + "# X\n## Request\n\n", 6, "Request", "the request is missing"),
    "unquoted request": (
        FRONT + "# X\n## Request\n> a\n\n> b\n",
        8,
        "Request",
        "every line of the request begins with `>`",
    ),
    "unknown section": (HEAD + "## Todo\n", 8, "", "unknown section 'Todo'; the sections are"),
    "section twice": (HEAD + "## Tasks\n## Tasks\n", 9, "", "stands here a second time"),
    "text in a section": (HEAD + "## Tasks\n\nwords\n", 10, "", "text before the first item"),
    "item of another section": (HEAD + "## Tasks\n### R1: t\n", 9, "id", "write `### T01: title`"),
    "item without a title": (HEAD + "## Tasks\n### T01\n", 9, "id", "write `### T01: title`"),
    "short task id": (HEAD + "## Tasks\n### T1: t\n", 9, "id", "write `### T01: title`"),
    "item in the request": (HEAD + "### R1: t\n", 8, "", "stands outside its section"),
    "open fence": (TASK + "\ntext\n```sh\n# x\n## y\n", 12, "", "opened with ``` is not closed"),
    "carriage return": (TASK + "\na\rb\n", 11, "", "a carriage return stands inside the line"),
    "unknown field": (
        TASK + "- size: 5\n- afer: T02\n",
        11,
        "afer",
        "unknown field 'afer'; known fields are serves, creates, modifies, depends, wiring, "
        "size, closes, check",
    ),
    "task field in a requirement": (
        REQUIREMENT + "- serves: R1\n",
        10,
        "serves",
        "unknown field 'serves'; known fields are check",
    ),
    "field without value": (TASK + "- wiring:\n", 10, "wiring", "has no value"),
    "field twice": (TASK + "- size: 5\n- size: 6\n", 11, "size", "T01 has this field twice"),
    "wrapped field": (TASK + "- wiring: a\n  b\n", 11, "wiring", "a field is one line"),
    "list as text": (TASK + "- size: 5\n\n- do it\n", 12, "", "write <!-- text -->"),
    "bad size": (TASK + "- size: big\n", 10, "size", "'big' is no size; write `6000 tokens`"),
    "empty place in a list": (TASK + "- creates: a.py,, b.py\n", 10, "creates", "name is missing"),
    "no comma": (TASK + "- creates: `a.py` `b.py`\n", 10, "creates", "expected a comma after"),
    "comma in a path": (TASK + "- creates: `a,b`\n", 10, "creates", "a backtick or a comma"),
    "no path": (ENTRY, 9, "path", "E1 has no `- path: `"),
    "two paths": (ENTRY + "- path: a, b\n", 10, "path", "names one file"),
    "text in an entry point": (ENTRY + "- path: a\n\nwords\n", 9, "", "E1 has text"),
    "text after a command": (
        HEAD + "## Entry points\n### E1: `x` y\n- path: a\n",
        9,
        "command",
        "text after the command",
    ),
    "unknown check": (TASK + "- check: pytest\n", 10, "check", "unknown kind of check 'pytest'"),
    "no shell line": (TASK + "- check: command:\n", 10, "check", "the shell line is missing"),
    "no colon": (TASK + "- check: command `x`\n", 10, "check", "expected ': ' and the shell line"),
    "open code span": (TASK + "- check: command: `x\n", 10, "check", "not closed with `"),
    "text after the shell line": (
        TASK + "- check: command: `x` y\n",
        10,
        "check",
        "text after the shell line: 'y'",
    ),
    "unknown attribute": (
        TASK + "- check: command key=K: `x`\n",
        10,
        "check",
        "unknown attribute 'key'; command knows timeout, output",
    ),
    "attribute twice": (
        TASK + "- check: command timeout=1 timeout=2: `x`\n",
        10,
        "check",
        "timeout is given twice",
    ),
    "attribute without value": (
        TASK + "- check: command output= : `x`\n",
        10,
        "check",
        "output has no value",
    ),
    "bare value with a colon": (
        TASK + "- check: command output=ok:done: `x`\n",
        10,
        "check",
        "the value of output stops at ':'",
    ),
    "bad timeout": (
        TASK + "- check: command timeout=1m: `x`\n",
        10,
        "check",
        "timeout is whole seconds, not '1m'",
    ),
    "timeout out of range": (
        TASK + "- check: command timeout=9999: `x`\n",
        10,
        "check",
        "timeout: Input should be less than or equal to 3600",
    ),
    "bad escape": (
        TASK + '- check: command output="\\d": `x`\n',
        10,
        "check",
        "not a JSON string (invalid \\escape); backticks need no escapes",
    ),
    "empty command": (TASK + '- check: command: ""\n', 10, "check", "the command: String should"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_names_file_line_and_field(case: str) -> None:
    text, line, field, words = CASES[case]
    with pytest.raises(PlanError) as caught:
        parse(text, file="plans/x.md")
    error = caught.value
    assert (error.file, error.line, error.field) == ("plans/x.md", line, field), str(error)
    assert words in error.reason
    assert str(error).startswith(f"plans/x.md:{line}: ")
    assert "\n" not in str(error)
