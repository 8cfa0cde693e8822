from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.domain.finding import Citation, Finding, Verdict, finding_id
from agent.domain.message import Message, ToolCall, ToolResult
from agent.domain.plan import Plan
from agent.domain.ports import Workspace
from agent.realign.judge import GiveVerdicts, Judgement, judge_findings, refusals_in
from agent.workspace.local import LocalWorkspace

pytestmark = pytest.mark.anyio

STORE = """\
import sqlite3

# Keeps todos for ever.


def save(todo: str) -> None:
    with connect() as connection:
        connection.execute("INSERT INTO todos VALUES (?)", (todo,))


def connect() -> sqlite3.Connection:
    return sqlite3.connect("todos.db")
"""
MET = {"requirement": "R1", "verdict": "met", "explanation": "It is kept in SQLite."}
GOOD = {"path": "app/store.py", "line": 8, "quote": 'connection.execute("INSERT INTO todos'}
KEPT = Citation(
    path="app/store.py",
    line=8,
    quote='connection.execute("INSERT INTO todos VALUES (?)", (todo,))',
)
MISSING = {"requirement": "R2", "verdict": "missing", "explanation": "Nothing asks a model."}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/store.py").write_text(STORE, encoding="utf-8")
    return LocalWorkspace(tmp_path, {})


@pytest.fixture
def give(plan: Plan, workspace: Workspace) -> GiveVerdicts:
    return GiveVerdicts(plan, workspace)


def met(*citations: dict[str, Any]) -> dict[str, Any]:
    return {**MET, "citations": list(citations)}


async def refusal(give: GiveVerdicts, *verdicts: dict[str, Any]) -> list[str]:
    """The lines that say what is wrong."""
    output = await give.call({"verdicts": list(verdicts)})
    assert (output.is_error, output.ends_session, output.value) == (True, False, None)
    return [line for line in output.text.splitlines() if line.startswith("- ")]


async def test_verdicts_whose_citations_are_there_are_taken(give: GiveVerdicts) -> None:
    output = await give.call({"verdicts": [met(GOOD), MISSING], "unrequested": ["A  dark\nmode."]})
    assert (output.is_error, output.ends_session, output.text) == (False, True, "Recorded.")
    assert output.value == Judgement(
        verdicts=(
            Verdict(
                requirement="R1",
                verdict="met",
                explanation="It is kept in SQLite.",
                citations=(KEPT,),
            ),
            Verdict(requirement="R2", verdict="missing", explanation="Nothing asks a model."),
        ),
        abstained=(),
        unrequested=("A dark mode.",),
    )


@pytest.mark.parametrize("line", [5, 7, 9, 11])
async def test_a_line_that_is_nearly_right_is_corrected(give: GiveVerdicts, line: int) -> None:
    output = await give.call({"verdicts": [met({**GOOD, "line": line}), MISSING]})
    assert isinstance(output.value, Judgement)
    assert output.value.verdicts[0].citations == (KEPT,)


async def test_space_and_further_lines_of_a_quote_do_not_matter(give: GiveVerdicts) -> None:
    quote = '\n   connection.execute("INSERT   INTO todos\n    and more'
    output = await give.call({"verdicts": [met({**GOOD, "quote": quote}), MISSING]})
    assert output.is_error is False


@pytest.mark.parametrize(
    ("citation", "complaint"),
    [
        (
            {"path": "app/gone.py"},
            "- R1: cannot read app/gone.py: there is no file 'app/gone.py'; check the path",
        ),
        (
            {"line": 1},
            "- R1: the quote is not on app/store.py:1, where `import sqlite3` stands; "
            "it is on line 8",
        ),
        (
            {"line": 8, "quote": "client.complete(todo)"},
            "- R1: the quote is not on app/store.py:8, where `connection.execute("
            '"INSERT INTO todos VALUES (?)", (todo,))` stands; it is nowhere in that file',
        ),
        ({"line": 90}, "- R1: app/store.py has no line 90; it ends at 12"),
        ({"line": -7}, "- R1: app/store.py has no line -7; it ends at 12"),
        ({"quote": " ) "}, "- R1: the quote for app/store.py:8 is too short to prove anything"),
        (
            {"line": 3, "quote": "Keeps todos for ever"},
            "- R1: app/store.py:3 is a comment; cite the code that does it",
        ),
    ],
)
async def test_a_citation_that_is_not_there_is_told_exactly(
    give: GiveVerdicts, citation: dict[str, Any], complaint: str
) -> None:
    assert await refusal(give, met({**GOOD, **citation}), MISSING) == [complaint]


async def test_a_path_outside_the_checkout_is_no_citation(give: GiveVerdicts) -> None:
    (line,) = await refusal(give, met({**GOOD, "path": "../../etc/passwd"}), MISSING)
    assert line.startswith("- R1: cannot read ../../etc/passwd: ")


async def test_requirements_and_verdicts_must_match_one_to_one(give: GiveVerdicts) -> None:
    assert await refusal(give, met(GOOD), met(GOOD), {**MISSING, "requirement": "R9"}) == [
        "- R1: has more than one verdict",
        "- R9: no such requirement; there are R1, R2",
        "- R2: has no verdict",
    ]


@pytest.mark.parametrize("word", ["met", "partial", "faked", "contradicted"])
async def test_every_verdict_but_missing_needs_a_citation(give: GiveVerdicts, word: str) -> None:
    assert await refusal(give, {**MET, "verdict": word}, MISSING) == [
        f"- R1: `{word}` needs a citation"
    ]


async def test_a_fake_may_be_shown_by_its_comment(give: GiveVerdicts) -> None:
    comment = {**GOOD, "line": 3, "quote": "Keeps todos for ever"}
    output = await give.call({"verdicts": [{**met(comment), "verdict": "faked"}, MISSING]})
    assert output.is_error is False


async def test_one_true_citation_is_enough_and_wrong_ones_are_left_out(give: GiveVerdicts) -> None:
    output = await give.call({"verdicts": [met({**GOOD, "path": "gone.py"}, GOOD), MISSING]})
    assert isinstance(output.value, Judgement)
    assert output.value.verdicts[0].citations == (KEPT,)


async def test_the_third_time_what_is_valid_is_taken_and_the_rest_abstains(
    give: GiveVerdicts,
) -> None:
    wrong = {**MET, "requirement": "R2"}
    for _ in range(2):
        await refusal(give, met(GOOD), wrong)
    output = await give.call({"verdicts": [met(GOOD), wrong]})
    assert (output.text, output.ends_session) == ("Recorded. No verdict that counts: R2.", True)
    assert isinstance(output.value, Judgement)
    assert [v.requirement for v in output.value.verdicts] == ["R1"]
    assert output.value.abstained == ("R2",)


async def test_a_session_that_goes_on_keeps_its_count(plan: Plan, workspace: Workspace) -> None:
    give = GiveVerdicts(plan, workspace, refusals=2)
    output = await give.call({"verdicts": []})
    assert output.value == Judgement(verdicts=(), abstained=("R1", "R2"), unrequested=())


async def test_arguments_of_the_wrong_shape_are_a_validation_error(give: GiveVerdicts) -> None:
    with pytest.raises(ValidationError):
        await give.call({"verdicts": [{"requirement": "R1", "verdict": "perfect"}]})


def test_refusals_are_counted_in_the_transcript() -> None:
    def call(name: str, number: str) -> Message:
        part = ToolCall(call_id=number, name=name, arguments="{}")
        return Message(role="assistant", parts=(part,))

    def result(number: str, *, is_error: bool) -> Message:
        part = ToolResult(call_id=number, text="", is_error=is_error)
        return Message(role="tool", parts=(part,))

    messages = (
        call("read", "1"),
        result("1", is_error=True),
        call("verdicts", "2"),
        result("2", is_error=True),
        call("verdicts", "3"),
        result("3", is_error=False),
    )
    assert refusals_in(messages) == 1


def test_every_verdict_but_met_becomes_an_error(plan: Plan) -> None:
    judgement = Judgement(
        verdicts=(
            Verdict(requirement="R1", verdict="met", explanation="fine", citations=(KEPT,)),
            Verdict(
                requirement="R2",
                verdict="faked",
                explanation="Always\nthe same.",
                citations=(KEPT,),
            ),
        ),
        abstained=(),
        unrequested=("A dark mode.",),
    )
    assert judge_findings(judgement, plan) == (
        Finding(
            id=finding_id("judge-faked", "", "R2"),
            rule="judge-faked",
            severity="error",
            path="app/store.py",
            line=8,
            message="The judge finds R2 faked: Always the same.",
            evidence=f"app/store.py:8: {KEPT.quote}",
            requirement="R2",
            remedy="Make it true for the user: A model that knows the todos answers.",
        ),
        Finding(
            id=finding_id("unrequested", "", "A dark mode."),
            rule="unrequested",
            severity="info",
            message="Nobody asked for this: A dark mode.",
        ),
    )


def test_a_requirement_without_a_verdict_is_an_error(plan: Plan) -> None:
    findings = judge_findings(Judgement(verdicts=(), abstained=("R1",), unrequested=()), plan)
    assert [(f.rule, f.severity, f.requirement) for f in findings] == [
        ("judge-abstained", "error", "R1")
    ]
