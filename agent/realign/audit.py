"""The audit: reality checks on a checkout, without a model."""

from collections.abc import Callable
from pathlib import Path

from agent.domain.finding import Finding
from agent.domain.plan import Plan
from agent.realign.detectors.assertions import tests_without_assertion
from agent.realign.detectors.canned import canned_replies
from agent.realign.detectors.dependencies import unused_dependencies
from agent.realign.detectors.languages import unchecked_languages
from agent.realign.detectors.stubs import stub_bodies
from agent.realign.detectors.subject import Subject
from agent.realign.detectors.syntax import syntax_errors
from agent.realign.detectors.unreachable import unreachable_modules
from agent.survey.imports import graph_of
from agent.survey.sources import Sources

Detector = Callable[[Subject], list[Finding]]

DETECTORS: tuple[Detector, ...] = (
    syntax_errors,
    stub_bodies,
    canned_replies,
    unreachable_modules,
    unused_dependencies,
    tests_without_assertion,
    unchecked_languages,
)


def audit(
    root: Path,
    files: tuple[str, ...],
    *,
    changed: frozenset[str] | None,
    entry_files: frozenset[str],
) -> tuple[Finding, ...]:
    """What is wrong with the changed files, each thing once, in the order of path and line.

    `changed` None means the whole repository. A file that cannot be read or parsed stops nothing.
    """
    sources = Sources(root, files)
    subject = Subject(
        sources=sources,
        graph=graph_of(sources),
        changed=sources.known if changed is None else changed & sources.known,
        entry_files=entry_files,
    )
    by_id = {finding.id: finding for detector in DETECTORS for finding in detector(subject)}
    return tuple(sorted(by_id.values(), key=lambda f: (f.path, f.line, f.rule, f.id)))


def attach_requirements(findings: tuple[Finding, ...], plan: Plan) -> tuple[Finding, ...]:
    """Names the requirement a finding hurts: the first that the last task with its file serves."""
    served = {path: task.serves[0] for task in plan.tasks if task.serves for path in task.files}
    return tuple(
        finding.model_copy(update={"requirement": served[finding.path]})
        if not finding.requirement and finding.path in served
        else finding
        for finding in findings
    )
