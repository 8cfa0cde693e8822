"""The work of every job: a request, its plan, and honest replies whose files are hard to carry.

The files hold what breaks a careless reader of a wire: several alphabets, quotes, escapes that are
text, code fences, tags of tool calls, and texts that look like numbers or JSON.
"""

import json
from pathlib import PurePosixPath
from typing import Any, Literal

from scenario import Session, calls, write

from agent.rehearsal.script import Script

Length = Literal["short", "middling", "long"]
REQUEST = "Greet me by name, and show calls as text.\n"
LINE = "\n{number}. Of what the user types, “{number}” is kept as it is: quotes, tags, blanks.\n"
LINES: dict[Length, int] = {"short": 0, "middling": 300, "long": 600}
"""How much a request says beyond that; with all of it every prompt may be too long for a window."""


def request(length: Length) -> str:
    return REQUEST + "".join(LINE.format(number=each) for each in range(1, LINES[length] + 1))


GREET = '''"""Greets."""


def greet(name: str) -> str:
    """'Hello' and the name, with "quotes" and a \\\\n that stays two signs."""
    return f"Hello {name} – schön, naïve, 你好, 🌱"
'''
TEST = """import unittest

from app.greet import greet


class GreetTest(unittest.TestCase):
    def test_greets(self) -> None:
        self.assertTrue(greet("Zoë").startswith("Hello Zoë"))
"""
MAIN = """import sys

from app.greet import greet

print(greet(sys.argv[1]))
"""
MARKUP = '''"""Takes the tags of calls that are written as text out of it."""

OPENERS = ("<tool_call>", "<function=", "<parameter=")
CLOSERS = ("</parameter>", "</function>", "</tool_call>")
EXAMPLE = """<tool_call>
<function=write>
<parameter=path>
ä.py
</parameter>
<parameter=content>
print('</parameter>')
</parameter>
</function>
</tool_call>
"""


def plain(text: str) -> str:
    """The text without closing tags.

    ```text
    a</parameter>b  ->  ab
    ```
    """
    for closer in CLOSERS:
        text = text.replace(closer, "")
    return text
'''
OLD_LINE = "print(greet(sys.argv[1]))\n"
NEW_LINE = "print(plain(greet(sys.argv[1])))\n"
OLD_IMPORT = "from app.greet import greet\n"
NEW_IMPORT = "from app.greet import greet\nfrom app.markup import plain\n"
WIRED = MAIN.replace(OLD_LINE, NEW_LINE).replace(OLD_IMPORT, NEW_IMPORT)
PARAGRAPH = """
## Część {number}: "quoted", 'single', `code`

Ünïcödé – em—dash… “curly” ‘marks’ «guillemets» 日本語 العربية עברית 🧑‍🌾 e\u0301 \u2028 \u00a0end
A backslash \\ and \\n and \\u00e9 and \\" stay as they are; a tab\there, 100 % of {{braces}}.

```python
data: dict[str, object] = {{"a": [1, 2.0, None, True], "b": "<tool_call>", 'c': "data: [DONE]"}}
```

{{"name": "write", "arguments": {{"path": "x", "content": "y"}}}}
    indented, and a line that ends in blanks   \n
"""
NOTES = "# Notes\n" + "".join(PARAGRAPH.format(number=number) for number in range(1, 5))
PALETTE = '{"leaf": "#0a0", "n": [1, 2.50, null], "t": "true"}'
SEVEN = "7"

HONEST: dict[str, tuple[str, ...]] = {
    "README.md": ("hello\n",),
    "app/greet.py": (GREET,),
    "app/__main__.py": (WIRED, MAIN),
    "tests/test_greet.py": (TEST,),
    "docs/notes.md": (NOTES,),
    "app/markup.py": (MARKUP,),
    "data/palette.json": (PALETTE,),
    "data/seven.txt": (SEVEN,),
}
"""Every file with the content it ends with, then what a commit before the last may hold."""


def command(run: str, **more: str) -> dict[str, str]:
    return {"kind": "command", "run": run, **more}


PLAN: dict[str, Any] = {
    "title": "Greeting",
    "name": "greeting",
    "introduction": "Small, but “hard” to carry.",
    "requirements": [
        {
            "id": "R1",
            "title": "The program greets by name",
            "checks": [command("python3 -m app Zoë", output="Hello Zoë – schön")],
        },
        {
            "id": "R2",
            "title": "Tags of calls are taken out",
            "checks": [command("grep -n 'plain(greet' app/__main__.py")],
        },
    ],
    "entry_points": [{"id": "E1", "command": "python3 -m app NAME", "path": "app/__main__.py"}],
    "tasks": [
        {
            "id": "T01",
            "title": "Greet",
            "serves": ["R1"],
            "creates": [
                "app/greet.py",
                "app/__main__.py",
                "tests/test_greet.py",
                "docs/notes.md",
            ],
            "wiring": "app/__main__.py prints greet(NAME)",
            "checks": [command("grep -c schön app/greet.py")],
            "size_tokens": 3000,
        },
        {
            "id": "T02",
            "title": "Take tags out",
            "serves": ["R2"],
            "depends": ["T01"],
            "creates": ["app/markup.py", "data/palette.json", "data/seven.txt"],
            "modifies": ["app/__main__.py"],
            "wiring": "app/__main__.py prints plain(greet(NAME))",
            "checks": [command("grep -c plain app/__main__.py")],
            "size_tokens": 3000,
        },
    ],
}


def submit(summary: str) -> tuple[str, dict[str, Any]]:
    return "submit", {"summary": summary}


def cited(requirement: str, path: str, content: str, quote: str) -> dict[str, Any]:
    line = content[: content.index(quote)].count("\n") + 1
    citation = {"path": path, "line": line, "quote": quote}
    return {
        "requirement": requirement,
        "verdict": "met",
        "explanation": "It is “there”.",
        "citations": [citation],
    }


def edit(*changes: tuple[str, str]) -> tuple[str, dict[str, Any]]:
    edits = [{"path": "app/__main__.py", "old": old, "new": new} for old, new in changes]
    return "edit", {"edits": edits}


def thinking(reply: dict[str, Any]) -> dict[str, Any]:
    return {**reply, "think": "First “look”, then write – <think> is a word here."}


LOOK: tuple[str, dict[str, Any]] = ("list", {})
VERDICTS = {
    "verdicts": [
        cited("R1", "app/greet.py", GREET, 'return f"Hello {name}'),
        cited("R2", "app/markup.py", MARKUP, 'text = text.replace(closer, "")'),
    ]
}
SESSIONS: tuple[Session, ...] = (
    {
        "role": "planner",
        "replies": [
            calls(LOOK, say="I look first – “carefully”."),
            thinking(calls(("propose_plan", PLAN))),
        ],
    },
    {
        "role": "gardener",
        "replies": [calls(LOOK), calls(("revise_plan", {"edits": [], "summary": "schön"}))],
    },
    {
        "role": "executor",
        "subject": "T01",
        "replies": [
            calls(
                ("todo", {"add": ["greet", "Notizen für später"]}),
                write("app/greet.py", GREET),
                write("tests/test_greet.py", TEST),
                say="I write the greeting.\n\n",
            ),
            thinking(calls(write("docs/notes.md", NOTES), say="```text\nnotes\n```")),
            calls(write("app/__main__.py", MAIN), ("todo", {"done": [1, 2]})),
            calls(submit("greets – „freundlich“"), say="Done."),
        ],
    },
    {
        "role": "executor",
        "subject": "T02",
        "replies": [
            thinking(calls(write("app/markup.py", MARKUP))),
            calls(write("data/palette.json", PALETTE), write("data/seven.txt", SEVEN)),
            calls(edit((OLD_IMPORT, NEW_IMPORT), (OLD_LINE, NEW_LINE)), say="I wire it."),
            calls(submit("takes tags out")),
        ],
    },
    {
        "role": "judge",
        "replies": [
            calls(("read", {"path": "app/greet.py"})),
            thinking(calls(("verdicts", VERDICTS))),
        ],
    },
)


def script(sessions: tuple[Session, ...] = SESSIONS) -> Script:
    return Script.model_validate({"version": 1, "description": "a job", "sessions": sessions})


def is_plan(path: str) -> bool:
    """Whether a file is the harness's own."""
    return PurePosixPath(path).parts[0] == "plans"


def is_asked_for(tool: str, arguments: str) -> bool:
    """Whether a call is one of the script's, to the letter."""
    return (tool, canonical(json.loads(arguments))) in CALLS


def canonical(arguments: object) -> str:
    return json.dumps(arguments, sort_keys=True)


CALLS = frozenset(
    (call["tool"], canonical(call["arguments"]))
    for session in SESSIONS
    for reply in session["replies"]
    for call in reply["calls"]
)
