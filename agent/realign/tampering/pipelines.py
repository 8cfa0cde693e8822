"""What makes a project's own pipelines examine less than they did."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from agent.realign.tampering.command_lines import GateCommand, gates_of
from agent.realign.tampering.gates import narrowing
from agent.realign.tampering.settings import yaml_of
from agent.realign.tampering.tree import Change, Tree

CI = re.compile(
    r"^\.github/workflows/[^/]+\.ya?ml$|^\.gitlab-ci\.yml$|^\.gitlab/.*\.ya?ml$"
    r"|^azure-pipelines[\w-]*\.yml$|^\.circleci/config\.yml$|^bitbucket-pipelines\.yml$"
    r"|^\.travis\.yml$|^\.drone\.yml$|^\.woodpecker(/.*)?\.ya?ml$|^\.buildkite/.*\.ya?ml$"
    r"|^Jenkinsfile$|^appveyor\.yml$|^\.cirrus\.yml$"
)
SCRIPTS = re.compile(
    r"(^|/)(GNUm|m|M)akefile$|\.mk$|(^|/)[Jj]ustfile$|(^|/)package\.json$|^tox\.ini$|^noxfile\.py$"
    r"|^pyproject\.toml$|(^|/)Taskfile\.ya?ml$|^\.pre-commit-config\.yaml$|\.(sh|bash)$"
    r"|^(scripts?|bin|ci|tools)/[^./]+$"
)
AUTOMATIC = frozenset({"push", "pull_request", "merge_group", "pull_request_target", "schedule"})


@dataclass(frozen=True)
class Weaker:
    """One kind of examination that a group of files no longer makes as it did."""

    path: str
    anchor: str
    message: str
    evidence: str


def weaker_pipelines(change: Change) -> Iterator[Weaker]:
    for pattern in (CI, SCRIPTS):
        paths = [path for path in change.changed if pattern.search(path)]
        if paths:
            yield from of_group(change, pattern, paths)
    for path in change.changed:
        if CI.search(path) and gates_of(change.before, path):
            yield from fewer_triggers(change, path)


def of_group(change: Change, pattern: re.Pattern[str], paths: list[str]) -> Iterator[Weaker]:
    before = [gate for path in paths for gate in gates_of(change.before, path)]
    after = [gate for path in paths for gate in gates_of(change.after, path)]
    others = [p for p in change.after.files if pattern.search(p) and p not in paths]
    for kind in sorted({gate.gate.kind for gate in before}):
        old = [gate for gate in before if gate.gate.kind == kind]
        new = [gate for gate in after if gate.gate.kind == kind]
        yield from of_kind(change.after, kind, old, new, others)
    yield from narrower(before, after)


def of_kind(
    tree: Tree, kind: str, old: list[GateCommand], new: list[GateCommand], others: list[str]
) -> Iterator[Weaker]:
    was = [gate for gate in old if not gate.forgiven]
    forgiven = [g for g in new if g.forgiven and g.text not in {o.text for o in old if o.forgiven}]
    if not was:
        return
    if forgiven:
        gate = forgiven[0]
        yield Weaker(
            gate.path,
            f"{kind} forgiven",
            f"A failure of the {kind} in {gate.path} goes by: {gate.forgiven}.",
            gate.text,
        )
        return
    left = [*new, *(gate for path in others for gate in gates_of(tree, path))]
    gone = [gate for gate in was if not any(each.replaces(gate) for each in left)]
    if gone:
        yield Weaker(
            gone[0].path,
            f"{kind} gone",
            f"{gone[0].path} no longer runs the {kind}.",
            "\n".join(gate.text for gate in gone[:5]),
        )


def narrower(before: list[GateCommand], after: list[GateCommand]) -> Iterator[Weaker]:
    """Options that came in, and paths that went out, where the same runner stood before."""
    known: Counter[tuple[str, str]] = Counter()
    for gate in before:
        known.update((gate.runner, option) for option in narrowing(gate.runner, gate.words[1:]))
    runners = {gate.runner for gate in before}
    for gate in after:
        if gate.runner not in runners:
            continue
        more = [o for o in narrowing(gate.runner, gate.words[1:]) if not known[gate.runner, o]]
        if more:
            yield Weaker(
                gate.path,
                f"{gate.runner} {' '.join(sorted(more))}",
                f"{gate.runner} in {gate.path} now has {', '.join(sorted(more))}.",
                gate.text,
            )


def fewer_triggers(change: Change, path: str) -> Iterator[Weaker]:
    old, new = (triggers(tree.text(path)) for tree in change.both())
    lost = (old - new) & AUTOMATIC
    if lost and path in change.after.known:
        names = ", ".join(sorted(lost))
        yield Weaker(
            path, f"triggers {names}", f"{path} no longer runs on {names}.", f"on: {names}"
        )


def triggers(text: str | None) -> frozenset[str]:
    """The events of a workflow; YAML reads the word `on` as true."""
    data: dict[object, object] = dict(yaml_of(text or "").items())
    on = data.get("on", data.get(True))
    if isinstance(on, str):
        return frozenset({on})
    return frozenset(map(str, on)) if isinstance(on, dict | list) else frozenset()
