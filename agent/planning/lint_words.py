"""The lint rule about words that quietly make the request smaller."""

import re
from collections.abc import Iterator

from agent.planning.lint_rules import Hit, Subject, hurt

CODE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\1|(`+).*?\2", re.DOTALL | re.MULTILINE)
SMALLER = re.compile(
    r"""
    \b(?:
        for \s now
      | (?:static | hard-?coded | fixed) \s (?:for \s now | at \s first)
      | hard-?coded \s (?:answers? | repl(?:y|ies) | responses? | data | results?)
      | (?:canned | dummy | fake | mock(?:ed)?) \s (?:answers? | repl(?:y|ies) | responses? | data)
      | placeholders? (?! \s (?:text | attribute | parameter | syntax | image)) (?! \s* =)
      | stub(?:s|bed)? (?! (?:bed)? \s (?:server | endpoint | files?))
      | (?:will \s be | is | gets | to \s be) \s
        (?:wired | connected | implemented | added | integrated) (?: \s (?:up | in))? \s later
      | (?:wire | connect | implement | integrate) (?: \s \w+){0,4} \s later
      | in \s a \s (?:later | future) \s (?:phase | version | iteration | step | release)
      | v1 \s only | first \s version \s only
      | simplified \s version | minimal \s version | basic \s version
      | not \s (?:yet \s)? (?:wired | connected | implemented)
      | out \s of \s scope \s for \s now
    )\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
REFUSED_BEFORE = re.compile(
    r"(?:\b(?:no|not|never|without|nor|avoid\w*|instead\sof|rather\sthan|replac\w*|remov\w*|"
    r"forbid\w*|refus\w*|detect\w*)\b|n't\b)[^.;:!?\n]{0,40}$",
    re.IGNORECASE,
)


def scope_reduced(subject: Subject) -> Iterator[Hit]:
    plan = subject.plan
    texts = [(item.id, f"{item.title}\n\n{item.acceptance}", item.id) for item in plan.requirements]
    texts += [
        (task.id, f"{task.title}\n\n{task.brief}\n\n{task.wiring}", hurt(task))
        for task in plan.tasks
        if not task.closes
    ]
    asked = " ".join(plan.request.lower().split())
    for item, text, requirement in texts:
        for phrase in sorted(set(smaller_words(text))):
            if phrase not in asked:
                message = f"{item} makes the request smaller: {phrase!r}."
                yield Hit(item, message, phrase, requirement)


def smaller_words(text: str) -> Iterator[str]:
    """Each phrase, in lower case, that promises less; not where the text itself forbids it."""
    prose = CODE.sub("", text)
    for match in SMALLER.finditer(prose):
        if not REFUSED_BEFORE.search(prose[: match.start()]):
            yield " ".join(match[0].lower().split())
