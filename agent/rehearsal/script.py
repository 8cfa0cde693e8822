"""The script of a rehearsal: which reply a scripted model gives to whom, and when."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from agent.domain.message import Role, SessionKey
from agent.domain.value import Value
from agent.errors import ScriptError

FILE_KEY = "$file"


class ScriptedCall(Value):
    tool: str = Field(min_length=1)
    arguments: dict[str, Any] | str = Field(default_factory=dict)
    """A text is sent as it stands, also when it is not JSON."""


class ScriptedReply(Value):
    say: str = ""
    think: str = ""
    """Reasoning, sent where the dialect has a place for it."""
    calls: tuple[ScriptedCall, ...] = ()
    stop: Literal["end_turn", "stop", "tool_calls", "length"] | None = None
    """The finish reason; without it the calls decide."""


class ScriptedSession(Value):
    role: Role
    subject: str | None = None
    """None fits any."""
    attempt: int | None = Field(default=None, ge=1)
    """None fits any."""
    replies: tuple[ScriptedReply, ...]
    """The first answers turn 0."""

    def fits(self, key: SessionKey) -> bool:
        return (
            self.role == key.role
            and self.subject in (None, key.subject)
            and self.attempt in (None, key.attempt)
        )


class EndpointReply(Value):
    """How requests are answered that belong to no session: the built program's own."""

    reply: str


class Script(Value):
    version: Literal[1]
    description: str
    sessions: tuple[ScriptedSession, ...]
    endpoint: EndpointReply | None = None
    name: str = "script"
    """The file's name; not written in the file."""


def reply_for(script: Script, session: SessionKey, turn: int) -> ScriptedReply | None:
    """The reply of the first session that fits; None when nothing is scripted."""
    for scripted in script.sessions:
        if scripted.fits(session):
            return scripted.replies[turn] if turn < len(scripted.replies) else None
    return None


def load_script(path: Path) -> Script:
    """Raises ScriptError naming the file, the place in it and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ScriptError(f"cannot read the script {path}: {reason}") from error
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScriptError(f"{path}{yaml_place(error)}: not valid YAML: {what(error)}") from error
    if not isinstance(document, dict):
        raise ScriptError(f"{path}: not a script; write version, description and sessions")
    if "name" in document:
        raise ScriptError(f"{path}: name: is not a field of a script")
    text_of = FileText(path)
    filled = {key: text_of.fill(value, str(key)) for key, value in document.items()}
    try:
        return Script.model_validate({**filled, "name": path.name})
    except ValidationError as error:
        raise ScriptError(f"{path}: {first_fault(error)}") from error


class FileText:
    """Puts the text of files in place of `{$file: PATH}`."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._folder = script.parent.resolve()

    def fill(self, node: object, place: str) -> object:
        if isinstance(node, list):
            return [self.fill(item, f"{place}[{index}]") for index, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        if FILE_KEY in node:
            return self._text(node, place)
        return {key: self.fill(value, f"{place}.{key}") for key, value in node.items()}

    def _text(self, node: dict[str, Any], place: str) -> str:
        name = node[FILE_KEY]
        if len(node) > 1 or not isinstance(name, str):
            raise self._fault(place, f"{FILE_KEY} stands alone and names one file")
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise self._fault(place, f"the file {name!r} is outside the script's folder")
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise self._fault(place, f"cannot read {name!r}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._fault(place, f"the file {name!r} is not UTF-8 text") from error

    def _fault(self, place: str, reason: str) -> ScriptError:
        return ScriptError(f"{self._script}: {place}: {reason}")


def first_fault(error: ValidationError) -> str:
    detail = error.errors(include_url=False)[0]
    place = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"]
    ).lstrip(".")
    match detail["type"]:
        case "missing":
            return f"{place}: is missing"
        case "extra_forbidden":
            return f"{place}: is not a field here"
        case _:
            return f"{place}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def yaml_place(error: yaml.YAMLError) -> str:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f":{mark.line + 1}" if mark else ""


def what(error: yaml.YAMLError) -> str:
    problem = error.problem if isinstance(error, yaml.MarkedYAMLError) else None
    return problem or str(error)
