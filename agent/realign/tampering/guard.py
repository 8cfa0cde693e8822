"""Holds a tree against the suite of an earlier commit, and says what was weakened.

No model is asked and nothing is run. What was there before counts: a suite that was weak from the
beginning is a matter for the audit.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.domain.check import Check
from agent.domain.finding import Finding
from agent.domain.plan import Plan, Task
from agent.realign.tampering import reports
from agent.realign.tampering.check_scripts import edited_checks
from agent.realign.tampering.compare import losses
from agent.realign.tampering.exclusions import is_measured, new_exclusions
from agent.realign.tampering.expected import known_by_heart
from agent.realign.tampering.permission import Permission, permission
from agent.realign.tampering.pipelines import weaker_pipelines
from agent.realign.tampering.setting_rules import loosened
from agent.realign.tampering.shadows import shadows
from agent.realign.tampering.snapshots import rewritten_snapshots
from agent.realign.tampering.tree import Change, change_since
from agent.realign.tampering.tricks import new_tricks
from agent.survey.sources import Sources

RULES = frozenset(
    {
        "tests-removed",
        "tests-weakened",
        "tests-held-back",
        "expectation-changed",
        "runner-narrowed",
        "coverage-lowered",
        "pipeline-weakened",
        "snapshots-rewritten",
        "test-run-rigged",
        "module-shadowed",
        "answer-known-by-heart",
        "check-edited",
    }
)


def weakenings(
    root: Path,
    files: tuple[str, ...],
    earlier: Mapping[str, str | None],
    *,
    base: str,
    plan: Plan | None = None,
    task: Task | None = None,
    young: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """What is weaker than at the commit `base`, each thing once, in the order of path and line.

    `earlier` has the text that each changed file had at the base, None for a new file. With a
    task, only what that task may do is allowed. `young` are files that the run itself has made.
    """
    change = change_since(Sources(root, files), earlier, base)
    allowed = permission(plan, task, young)
    by_id = {finding.id: finding for finding in found(change, allowed, checks_of(plan))}
    return tuple(sorted(by_id.values(), key=lambda f: (f.path, f.line, f.rule, f.id)))


def checks_of(plan: Plan | None) -> list[tuple[str, Check]]:
    """Every check with the id of what it proves."""
    if plan is None:
        return []
    of_requirements = [(item.id, check) for item in plan.requirements for check in item.checks]
    return of_requirements + [(task.id, check) for task in plan.tasks for check in task.checks]


def found(
    change: Change, allowed: Permission, checks: list[tuple[str, Check]]
) -> Iterator[Finding]:
    yield from reports.of_losses(losses(change, allowed), change)
    for setting in loosened(change):
        if setting.path not in allowed.removing:
            yield reports.of_setting(setting, change)
    excluded = list(new_exclusions(change))
    severity = "error" if excluded and is_measured(change.before) else "warning"
    for exclusion in excluded:
        yield reports.of_exclusion(exclusion, "error" if severity == "error" else "warning")
    for pipeline in weaker_pipelines(change):
        if pipeline.path not in allowed.removing:
            yield reports.of_pipeline(pipeline, change)
    yield from map(reports.of_trick, new_tricks(change))
    yield from map(reports.of_shadow, shadows(change))
    yield from map(reports.of_rewritten, rewritten_snapshots(change, allowed))
    yield from map(reports.of_answer, known_by_heart(change, checks))
    for edited in edited_checks(change, checks, allowed):
        yield reports.of_check(edited, change)
