"""The words a judge reads, byte for byte."""

from pathlib import Path

from snapshots import check_snapshot, shown

from agent.domain.plan import Plan
from agent.realign.judge import FILES_CHARACTERS, GiveVerdicts, opening
from agent.workspace.local import LocalWorkspace

WORDS = Path(__file__).parent / "snapshots"


def test_the_opening(plan: Plan) -> None:
    files = ("README.md", "app/__main__.py", "app/chat.py", "app/store.py")
    changed = ("app/chat.py", "app/__main__.py")
    check_snapshot(WORDS, "judge_opening", shown(opening(plan, files, changed, "2 files changed")))


def test_the_opening_without_entry_points_and_changes(plan: Plan) -> None:
    bare = plan.model_copy(update={"entry_points": ()})
    check_snapshot(WORDS, "judge_opening_bare", shown(opening(bare, (), ())))


def test_the_description_of_the_tool(plan: Plan, tmp_path: Path) -> None:
    spec = GiveVerdicts(plan, LocalWorkspace(tmp_path, {})).spec
    check_snapshot(WORDS, "judge_tool", f"=== {spec.name}\n{spec.description}\n")


def test_a_long_list_of_files_is_cut_with_its_number(plan: Plan) -> None:
    files = tuple(f"package/module_{number:04}.py" for number in range(2_000))
    text = opening(plan, files, ())[1].text
    assert len(text) < FILES_CHARACTERS + 1_500
    assert text.splitlines()[-1] == "... and 1653 more"


def test_the_request_is_shown_verbatim(plan: Plan) -> None:
    assert plan.request in opening(plan, (), ())[1].text
