"""Lint: rules on the plan alone, without a model and without running anything."""

from collections.abc import Iterable

from agent.domain.finding import Finding, finding_id
from agent.domain.plan import Plan
from agent.planning import lint_files, lint_rules, lint_words
from agent.planning.lint_rules import Hit, Rule, Subject
from agent.planning.planfile import item_lines, render

SIZE_BUDGET_TOKENS = 40_000

RULES: tuple[Rule, ...] = (
    Rule(
        "nothing-to-prove",
        "error",
        "Add a requirement, and a task that makes it true.",
        lint_rules.nothing_to_prove,
        is_form=True,
    ),
    Rule(
        "closes-reserved",
        "error",
        "Leave closes to realignment, and prove the task by a check.",
        lint_rules.closes_reserved,
        is_form=True,
    ),
    Rule(
        "duplicate-id",
        "error",
        "Give each item an id of its own.",
        lint_rules.duplicate_ids,
        is_form=True,
    ),
    Rule(
        "unknown-requirement",
        "error",
        "Name a requirement of the plan, or add it.",
        lint_rules.unknown_requirements,
        is_form=True,
    ),
    Rule(
        "unknown-task",
        "error",
        "Name a task of the plan, or leave the dependency out.",
        lint_rules.unknown_tasks,
        is_form=True,
    ),
    Rule(
        "dependency-cycle",
        "error",
        "Take one dependency out of the circle.",
        lint_rules.dependency_cycles,
        is_form=True,
    ),
    Rule(
        "path-outside",
        "error",
        "Write a path relative to the repository's root, with forward slashes.",
        lint_files.paths_outside,
        is_form=True,
    ),
    Rule(
        "check-pattern",
        "error",
        "Write a valid regular expression.",
        lint_rules.broken_patterns,
        is_form=True,
    ),
    Rule(
        "requirement-without-task",
        "error",
        "Add a task that makes it true, or name it in the task that does.",
        lint_rules.requirements_without_task,
    ),
    Rule(
        "requirement-without-check",
        "error",
        "Add a check that fails now and passes when the requirement is true for the user.",
        lint_rules.requirements_without_check,
    ),
    Rule(
        "task-without-requirement",
        "error",
        "Name the requirement it serves, or drop the task.",
        lint_rules.tasks_without_requirement,
    ),
    Rule(
        "task-without-check",
        "error",
        "Add a check that fails before the task and passes after it.",
        lint_rules.tasks_without_check,
    ),
    Rule(
        "check-cannot-fail",
        "error",
        "Run something whose exit code says whether the work is done.",
        lint_rules.checks_that_cannot_fail,
    ),
    Rule(
        "forward-dependency",
        "error",
        "Put the task behind what it depends on.",
        lint_rules.forward_dependencies,
    ),
    Rule(
        "created-twice",
        "error",
        "Let the later task modify the file.",
        lint_files.created_twice,
    ),
    Rule(
        "created-exists",
        "error",
        "Name the file under modifies.",
        lint_files.created_exists,
    ),
    Rule(
        "modified-missing",
        "error",
        "Name the file under creates, here or in an earlier task.",
        lint_files.modified_missing,
    ),
    Rule(
        "no-entry-point",
        "error",
        "Declare the command a user starts and the file it enters.",
        lint_rules.no_entry_point,
    ),
    Rule(
        "entry-point-unwired",
        "error",
        "Add a task that creates this file and starts the program from it.",
        lint_files.entry_points_unwired,
    ),
    Rule(
        "entry-point-untouched",
        "warning",
        "Say in a task's wiring how the new code is reached, and modify the file that reaches it.",
        lint_files.entry_points_untouched,
    ),
    Rule(
        "task-without-wiring",
        "error",
        "Write in wiring who calls the new code and how a user reaches it.",
        lint_files.tasks_without_wiring,
    ),
    Rule(
        "scope-reduced",
        "error",
        "Say what does the whole of it, or split it into tasks that together do.",
        lint_words.scope_reduced,
    ),
    Rule(
        "task-too-big",
        "warning",
        "Split it into tasks that each end with something a user can run.",
        lint_rules.large_tasks,
    ),
)
FORM_RULES = frozenset(rule.id for rule in RULES if rule.is_form)


def lint(
    plan: Plan,
    files: frozenset[str],
    *,
    file: str = "",
    size_budget_tokens: int = SIZE_BUDGET_TOKENS,
) -> tuple[Finding, ...]:
    """Every rule that the plan breaks, errors of form first.

    `files` are the repository's tracked files before the plan's work; `file` is the plan's own
    path, named in the findings with the line of the item in the rendered plan.
    """
    subject = Subject(plan, files, size_budget_tokens)
    lines = item_lines(render(plan))
    findings = {
        finding.id: finding
        for rule in RULES
        for finding in (as_finding(rule, hit, file, lines) for hit in rule.find(subject))
    }
    return tuple(findings.values())


def not_well_formed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that keep a plan from being a plan; the others are a matter of gardening."""
    return tuple(finding for finding in findings if finding.rule in FORM_RULES)


def as_finding(rule: Rule, hit: Hit, file: str, lines: dict[str, int]) -> Finding:
    return Finding(
        id=finding_id(rule.id, file, f"{hit.item}\0{hit.evidence}"),
        rule=rule.id,
        severity=rule.severity,
        path=file,
        line=lines.get(hit.item, 0),
        message=hit.message,
        evidence=hit.evidence,
        requirement=hit.requirement,
        remedy=rule.remedy,
    )
