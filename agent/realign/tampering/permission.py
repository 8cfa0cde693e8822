"""What a plan allows to be taken out of a test suite.

A plan has no word for it, on purpose: whoever could write "this task may weaken tests" would. It
follows from what the plan says anyway: a requirement takes something away from the user, and the
task that serves it names the file.
"""

import re
from dataclasses import dataclass

from agent.domain.plan import Plan, Requirement, Task

TAKES_AWAY = re.compile(
    r"^(remove|delete|drop|retire|discontinue|replace)\b"
    r"|\b(is|are|was|were|been|be|gets?) (now )?(removed|deleted|dropped|retired|discontinued"
    r"|replaced|superseded|gone|taken (out|away))\b"
    r"|\b(no longer|not any ?more|instead of|ceases? to)\b",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Permission:
    """`named` None means that there is no plan to ask."""

    named: frozenset[str] | None = None
    """Files that the tasks say they touch."""
    removing: frozenset[str] = frozenset()
    """Those of tasks that serve a requirement which takes something away."""
    young: frozenset[str] = frozenset()
    """Files that the run itself has made: only the sum of what they assert must be kept."""

    def names(self, path: str) -> bool:
        return self.named is None or path in self.named


def permission(
    plan: Plan | None, task: Task | None = None, young: frozenset[str] = frozenset()
) -> Permission:
    """What the whole plan allows, or one task; one of realignment what its own base may do."""
    if plan is None:
        return Permission(young=young)
    # what realignment names are the files at fault, and that allows nothing
    own = [each for each in plan.tasks if not each.is_realignment]
    tasks = [each for each in own if task is None or each.id == base_of(task)]
    taking = {item.id for item in plan.requirements if takes_away(item)}
    return Permission(
        named=frozenset(path for each in tasks for path in each.files),
        removing=frozenset(
            path for each in tasks if taking.intersection(each.serves) for path in each.files
        ),
        young=young,
    )


def base_of(task: Task) -> str:
    return task.id.partition("r")[0]


def takes_away(requirement: Requirement) -> bool:
    return bool(TAKES_AWAY.search(f"{requirement.title}\n{requirement.acceptance}"))
