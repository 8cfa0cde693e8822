"""The commands that a project's pipelines, scripts and make files run to examine its code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.realign.detectors.words import word_set
from agent.realign.tampering.gates import ACTIONS, GATES, PAIRS, Gate
from agent.realign.tampering.settings import json_of, toml_of, yaml_of
from agent.realign.tampering.tree import Tree

RUN_BY_NAME = re.compile(r"^(test|tests|check|lint|typecheck|types|unit|e2e)([:_-]\w+)*$")
"""How scripts of a manifest are named that examine the code."""
WRAPPERS = word_set(
    """npx poetry pipenv uv uvx hatch pdm rye conda bundle exec run dlx pnpm yarn npm sudo env time
    nice xvfb-run command exec timeout dotenv cross-env c8 nyc coverage -- ./node_modules/.bin"""
)
PYTHONS = re.compile(r"^(\S*/)?python(\d+(\.\d+)*)?$|^\{envpython\}$|^\$\(?\{?PYTHON\}?\)?$")
WORD = re.compile(r"\"[^\"]*\"|'[^']*'|&&|\|\||[;|&]|[^\s;|&\"']+")
NO_ASSERTIONS = re.compile(r"^PYTHONOPTIMIZE=[\"']?[1-9]")
"""Python goes past every `assert`."""
NOTHING = word_set("true : echo printf exit")


@dataclass(frozen=True)
class GateCommand:
    """One command that examines the code."""

    path: str
    gate: Gate
    words: tuple[str, ...]
    forgiven: str = ""
    """Why its failure would not be noticed; empty when it would."""

    @property
    def runner(self) -> str:
        """The tool's name, as its options are listed under."""
        plain = (word.rsplit("/", 1)[-1] for word in self.words)
        return next((word for word in plain if word in GATES or word in {"go", "cargo"}), "")

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def replaces(self, other: "GateCommand") -> bool:
        """Whether this may examine what the other did."""
        languages = {self.gate.language, other.gate.language}
        same = "" in languages or len(languages) == 1
        return self.gate.kind == other.gate.kind and same and not self.forgiven


def commands_in(path: str, block: str, forgiven: str = "") -> Iterator[GateCommand]:
    """The gates in a shell script or line; what stands behind `exit 0` never runs."""
    lenient = forgiven
    for line in block.replace("\\\n", " ").split("\n"):
        text = line.strip()
        if re.match(r"^set \+e|^set \+o errexit", text):
            lenient = lenient or "set +e"
        elif re.match(r"^set -\w*e|^set -o errexit", text):
            lenient = forgiven
        if re.match(r"^exit( 0)?$", text):
            return
        yield from commands_of_line(path, text, lenient)


def commands_of_line(path: str, line: str, forgiven: str) -> Iterator[GateCommand]:
    if line.startswith("#"):
        return
    hushed = line.startswith("-") and PurePosixPath(path).name.lower().endswith(("makefile", ".mk"))
    words = WORD.findall(line.lstrip("@-+ "))
    parts: list[list[str]] = [[]]
    operators: list[str] = []
    for word in words:
        if word in {"&&", "||", ";", "|", "&"}:
            operators.append(word)
            parts.append([])
        else:
            parts[-1].append(word)
    for index, part in enumerate(parts):
        gate, own = gate_of(part)
        if gate is not None:
            off = next((word for word in part if NO_ASSERTIONS.match(word)), "")
            why = forgiven or off or ("a leading -" if hushed else "")
            yield GateCommand(path, gate, own, why or swallowed(parts, operators, index))


def swallowed(parts: list[list[str]], operators: list[str], index: int) -> str:
    """What behind a command makes its failure go by."""
    if index < len(operators):
        operator, following = operators[index], parts[index + 1]
        text = " ".join([operator, *following]).strip()
        if operator == "||" and (not following or following[0] in NOTHING - {"exit"}):
            return text
        if operator == "||" and following[:2] == ["exit", "0"]:
            return text
        if operator in {"&", "|"}:
            return text
    last = parts[-1]
    if index < len(parts) - 1 and operators[-1] == ";" and last[:1] and last[0] in NOTHING:
        return f"; {' '.join(last)}" if last[:2] not in (["exit", "1"], ["exit", "$?"]) else ""
    return ""


def gate_of(words: list[str]) -> tuple[Gate | None, tuple[str, ...]]:
    """What a simple command examines, and its words without what only starts it."""
    left = [word for word in words if not re.match(r"^\w+=", word)]
    behind_option = False
    while left:
        first = left[0].rsplit("/", 1)[-1]
        pair = (first, left[1]) if len(left) > 1 else (first, "")
        if pair in PAIRS:
            return PAIRS[pair], tuple(left)
        if pair[0] in {"npm", "pnpm", "yarn", "bun"} and run_by_name(left):
            return Gate("tests", "JavaScript"), tuple(left)
        if first in GATES and not (first == "coverage" and pair[1] in {"run", "xml", "html"}):
            return GATES[first], (first, *left[1:])
        if PYTHONS.match(left[0]) and len(left) > 2 and left[1] == "-m":
            left = left[2:]
        elif PYTHONS.match(left[0]) and pair[1].endswith("manage.py"):
            left = ["django", *left[2:]]
        elif first in WRAPPERS or left[0].startswith("-"):
            behind_option = left[0].startswith("-")
            left = left[1:]
        elif behind_option:
            behind_option, left = False, left[1:]
        else:
            return None, ()
    return None, ()


def run_by_name(words: list[str]) -> bool:
    names = [word for word in words[1:] if not word.startswith("-") and word != "run"]
    return bool(names) and bool(RUN_BY_NAME.match(names[0]))


def gates_of(tree: Tree, path: str) -> list[GateCommand]:
    """The gates of one file, by what kind of file it is."""
    text, name = tree.text(path), PurePosixPath(path).name
    if text is None:
        return []
    if name.endswith((".yml", ".yaml")):
        return list(yaml_gates(path, text))
    return [gate for block in blocks_in(name, text) for gate in commands_in(path, block)]


def blocks_in(name: str, text: str) -> list[str]:
    """The shell lines of a file that is no YAML."""
    if name == "package.json":
        scripts = json_of(text).get("scripts")
        return list(map(str, scripts.values())) if isinstance(scripts, dict) else []
    if name == "pyproject.toml":
        return list(strings_under(toml_of(text), inside=False))
    if name == "noxfile.py":
        calls = re.findall(r"session\.run\(([^)]*)\)", text)
        return [" ".join(re.findall(r"[\"']([^\"']*)[\"']", call)) for call in calls]
    return [re.sub(r"(?m)^\s*(commands|script)\s*=\s*", "", text)]


def strings_under(value: object, *, inside: bool) -> Iterator[str]:
    """Texts under keys that hold commands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            named = str(key) in {"scripts", "tasks", "commands", "cmd", "shell", "envs"}
            yield from strings_under(inner, inside=inside or named)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_under(inner, inside=inside)
    elif inside:
        yield str(value)


def yaml_gates(path: str, text: str) -> Iterator[GateCommand]:
    yield from under(path, yaml_of(text), "", key="")


COMMAND_KEYS = word_set(
    "run script before_script after_script command commands cmd cmds bash sh shell pwsh entry id"
)


def under(path: str, value: object, forgiven: str, *, key: str) -> Iterator[GateCommand]:
    """The gates in what a file says of a key: other keys than those of commands hold none."""
    if isinstance(value, dict):
        forgiven = forgiven or forgiving(value)
        for name, inner in value.items():
            if name == "uses" and isinstance(inner, str):
                yield from action(path, inner, forgiven)
            yield from under(path, inner, forgiven, key=str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from under(path, inner, forgiven, key=key)
    elif isinstance(value, str) and key in COMMAND_KEYS:
        yield from commands_in(path, value, forgiven)


def forgiving(step: dict[object, object]) -> str:
    """What in a job or step makes its failure go by, or keeps it from running."""
    for key in ("continue-on-error", "allow_failure", "continueOnError", "ignore_failures"):
        if step.get(key) is True or str(step.get(key)).strip("${} ") == "true":
            return f"{key}: true"
    for key in ("env", "variables", "environment"):
        given = step.get(key)
        if isinstance(given, dict) and NO_ASSERTIONS.match(
            f"PYTHONOPTIMIZE={given.get('PYTHONOPTIMIZE')}"
        ):
            return "PYTHONOPTIMIZE"
    condition = str(step.get("if", "")).strip("${} ").lower()
    if condition in {"false", "never()", "0"} or step.get("if") is False:
        return "if: false"
    if step.get("when") in {"never", "manual"}:
        return f"when: {step['when']}"
    return ""


def action(path: str, uses: str, forgiven: str) -> Iterator[GateCommand]:
    name = uses.partition("@")[0]
    for word, gate in ACTIONS.items():
        if word in name:
            yield GateCommand(path, gate, (name,), forgiven)
            return
