"""What `plans/` says of the format is true."""

import re
from pathlib import Path

import pytest

from agent.domain.finding import Finding
from agent.errors import PlanError
from agent.planning.check_line import parse_check, render_check
from agent.planning.lint import FORM_RULES, RULES, lint
from agent.planning.planfile import parse, render

PLANS = Path(__file__).parents[2] / "plans"
FORMAT = (PLANS / "FORMAT.md").read_text(encoding="utf-8")
SAMPLE = (PLANS / "sample.md").read_text(encoding="utf-8")


def test_the_sample_is_written_as_the_program_writes_it() -> None:
    assert render(parse(SAMPLE, file="plans/sample.md")) == SAMPLE


def test_the_sample_has_no_findings() -> None:
    plan = parse(SAMPLE, file="plans/sample.md")
    found: tuple[Finding, ...] = lint(plan, frozenset({"README.md"}), file="plans/sample.md")
    assert found == ()


def test_the_reference_lists_every_lint_rule_with_its_severity() -> None:
    listed = re.findall(
        r"^\| `([a-z-]+)` \| (error of form|error|warning) \|", FORMAT, re.MULTILINE
    )
    expected = [
        (rule.id, "error of form" if rule.id in FORM_RULES else rule.severity) for rule in RULES
    ]
    assert listed == expected


def test_the_reference_lists_every_field() -> None:
    front = "---\ngardener: 1\nplan: x\n---\n# X\n## Request\n> r\n"
    with pytest.raises(PlanError) as of_task:
        parse(front + "## Tasks\n### T01: t\n- x: y\n", file="p")
    with pytest.raises(PlanError) as of_entry:
        parse(front + "## Entry points\n### E1: t\n- x: y\n", file="p")
    known = [error.value.reason.split("known fields are ")[1] for error in (of_task, of_entry)]
    fields = re.findall(r"^\| `(\w+)` \| (?:task|entry point)", FORMAT, re.MULTILINE)
    assert fields == ", ".join(known).split(", ")


def test_the_checks_of_the_reference_are_written_as_the_program_writes_them() -> None:
    lines = re.findall(r"^- check: (.*)$", FORMAT, re.MULTILINE)
    assert [render_check(parse_check(line)) for line in lines] == lines
    assert len(lines) == 3
