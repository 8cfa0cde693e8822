"""Says which changed code no detector understands, so that silence is not taken for praise."""

from collections import Counter

from agent.domain.finding import Finding
from agent.realign.detectors.subject import Subject, finding
from agent.survey.classify import language_of

RULE = "not-checked"
NOT_CODE = frozenset({"Python", "HTML", "CSS", "SQL", "Shell"})


def unchecked_languages(subject: Subject) -> list[Finding]:
    changed = sorted(subject.changed)
    found = Counter(
        name for name in map(language_of, changed) if name is not None and name not in NOT_CODE
    )
    return [
        finding(
            RULE,
            "",
            name,
            message=f"{count} changed files in {name} were not audited: only Python is understood.",
            evidence=next(path for path in changed if language_of(path) == name),
            remedy="Let a check of the plan run a linter and the tests of that language.",
            severity="info",
        )
        for name, count in sorted(found.items())
    ]
