"""The plan file: parse and render are exact inverses, and prose is kept byte for byte."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.check import CallsCheck, Check, CommandCheck
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task
from agent.domain.prose import checked_prose, one_line, repository_path
from agent.planning.planfile import item_lines, parse, render

FILE = "plans/x.md"
NASTY_LINES = [
    "",
    " ",
    "\t",
    "  trailing  ",
    "---",
    "- serves: R9",
    "* list",
    "- [ ] open",
    "<!-- text -->",
    "#### deep",
    "#no heading",
    "    # indented",
    "```sh\n# comment\n### T09: no task\n```",
    "~~~\n---\n```\n## x\n~~~",
    "`tick` ``two``",
    "> quote",
    "gärtner \u2028 \x0b 植物",
    "&#13; &amp;#13; &amp;amp;#13;",
]


def valid(check: object, text: str) -> bool:
    assert callable(check)
    try:
        check(text)
    except ValueError:
        return False
    return True


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
lines = st.one_of(
    anything.map(str.strip), st.sampled_from(["a `b` c", "R1: x", "`a`", '"q"', "# x", "a\tb"])
).filter(lambda text: valid(one_line, text))
prose = (
    st.lists(st.one_of(st.sampled_from(NASTY_LINES), anything), max_size=6)
    .map("\n".join)
    .filter(lambda text: valid(checked_prose, text))
)
requests = st.lists(
    st.one_of(
        st.sampled_from([*NASTY_LINES, "# heading", "## Tasks", "a\rb", "c\r", ">"]), anything
    )
).map("\n".join)
paths = st.one_of(st.sampled_from(["a.py", "a b/ü.py", '"x'])).filter(
    lambda text: valid(repository_path, text)
)
ids = st.lists(st.one_of(st.sampled_from(["R1", "T01", "a,b", ""]), anything), max_size=3).map(
    tuple
)
runs = st.one_of(
    st.sampled_from(["pytest -q", "echo `date`", "`", "``a``", " x ", "a\nb", '"', "a: b", "  "]),
    anything,
).filter(bool)
timeouts = st.sampled_from([1, 60, 120, 3600])
checks: st.SearchStrategy[tuple[Check, ...]] = st.lists(
    st.one_of(
        st.builds(CommandCheck, run=runs, output=st.none() | runs, timeout_seconds=timeouts),
        st.builds(
            CallsCheck,
            run=runs,
            base_url_env=st.sampled_from(["OPENAI_BASE_URL", "LLM_URL", "a b"]),
            key_env=st.sampled_from(["OPENAI_API_KEY", "K", ""]),
            sends=st.none() | runs,
            timeout_seconds=timeouts,
        ),
    ),
    max_size=3,
).map(tuple)
numbers = st.integers(1, 20)
tasks = st.builds(
    Task,
    id=st.sampled_from(["T01", "T12", "T03r2"]),
    title=lines,
    serves=ids,
    creates=st.lists(paths, max_size=2).map(tuple),
    modifies=st.lists(paths, max_size=2).map(tuple),
    depends=ids,
    wiring=st.just("") | lines,
    checks=checks,
    size_tokens=st.sampled_from([0, 6000]),
    closes=ids,
    brief=prose,
)
plans = st.builds(
    Plan,
    name=st.just("todo-chat"),
    revision=numbers,
    base=st.sampled_from(["", "0123abc"]),
    title=lines,
    request=requests,
    introduction=prose,
    requirements=st.lists(
        st.builds(
            Requirement, id=numbers.map("R{}".format), title=lines, acceptance=prose, checks=checks
        ),
        max_size=2,
    ).map(tuple),
    decisions=st.lists(
        st.builds(Decision, id=numbers.map("D{}".format), title=lines, reason=prose), max_size=2
    ).map(tuple),
    entry_points=st.lists(
        st.builds(
            EntryPoint,
            id=numbers.map("E{}".format),
            command=lines,
            path=paths,
            purpose=st.just("") | lines,
        ),
        max_size=2,
    ).map(tuple),
    tasks=st.lists(tasks, max_size=2).map(tuple),
)


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(plans)
def test_a_rendered_plan_parses_to_the_same_plan(plan: Plan) -> None:
    text = render(plan)
    assert parse(text, file=FILE) == plan
    assert render(parse(text, file=FILE)) == text


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(plans)
def test_a_plan_survives_windows_line_ends(plan: Plan) -> None:
    text = render(plan)
    assert "\r" not in text
    assert parse(text.replace("\n", "\r\n"), file=FILE) == plan


PLAN = """\
---
gardener: 1
plan: todo-chat
revision: 2
base: 0123abc
---

# Todo chat


Two empty lines above, and trailing space. \x20



## Request

> # Build it
>
> now

## Requirements

### R1: A user adds a todo

- check: command timeout=60 output=`^1 todo`: `python3 -m todo_chat add "x"`
- check: calls base_url=LLM_URL: `python3 -m todo_chat ask "y"`

The list shows it.

```sh
# not a heading
```

### R2: A user reads

<!-- text -->
- first
- second


## Decisions

### D1: Standard library

Nothing to install.

## Entry points

### E1: `python3 -m todo_chat`

- path: `todo_chat/__main__.py`

## Tasks

### T01: Start

- serves: R1, R2
- creates: `todo_chat/__main__.py`, `todo_chat/store.py`
- wiring: `python3 -m todo_chat` runs main()
- size: 6000 tokens
- check: command: `python3 -m todo_chat --help`

Write it.
"""


def test_prose_typed_by_hand_is_kept_byte_for_byte() -> None:
    assert render(parse(PLAN, file=FILE)) == PLAN


def test_what_a_person_naturally_types_is_understood() -> None:
    typed = """\
---
plan: todo-chat
gardener: 1
---
# Todo chat
## Tasks
### T01: Start

* Check: `pytest -q`
* Creates: a.py, b c.py

* Size: 500
* Serves: R1
## Request
>Build it
> now"""
    assert parse(typed, file=FILE) == Plan(
        name="todo-chat",
        title="Todo chat",
        request="Build it\nnow",
        tasks=(
            Task(
                id="T01",
                title="Start",
                serves=("R1",),
                creates=("a.py", "b c.py"),
                size_tokens=500,
                checks=(CommandCheck(run="pytest -q"),),
            ),
        ),
    )


def test_the_request_can_be_left_out_for_a_reader_that_has_it() -> None:
    plan = parse(PLAN, file=FILE)
    assert "Build it" not in render(plan, with_request=False)


def test_items_are_found_at_their_lines() -> None:
    found = item_lines(PLAN)
    assert list(found) == ["R1", "R2", "D1", "E1", "T01"]
    assert PLAN.split("\n")[found["T01"] - 1] == "### T01: Start"
