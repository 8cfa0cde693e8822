from pathlib import Path

import pytest

from agent.domain.message import SessionKey
from agent.errors import ScriptError
from agent.rehearsal.script import (
    EndpointReply,
    Script,
    ScriptedCall,
    ScriptedReply,
    ScriptedSession,
    load_script,
    reply_for,
)

WHOLE = """\
version: 1
description: a script
sessions:
  - role: executor
    subject: T02
    attempt: 1
    replies:
      - say: I write it.
        calls:
          - tool: write
            arguments: {path: a.py, content: {$file: stages/a.py}}
          - tool: todo
      - {say: Done., stop: end_turn}
endpoint:
  reply: hello
"""


def script_file(folder: Path, text: str) -> Path:
    path = folder / "script.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def session(**fields: object) -> ScriptedSession:
    replies = (ScriptedReply(say=str(fields.pop("say"))),)
    return ScriptedSession.model_validate({"role": "executor", "replies": replies, **fields})


def test_a_script_is_read_with_the_files_it_names(tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/a.py").write_text("x = 1\n", encoding="utf-8")
    write = ScriptedCall(tool="write", arguments={"path": "a.py", "content": "x = 1\n"})
    assert load_script(script_file(tmp_path, WHOLE)) == Script(
        version=1,
        description="a script",
        sessions=(
            ScriptedSession(
                role="executor",
                subject="T02",
                attempt=1,
                replies=(
                    ScriptedReply(say="I write it.", calls=(write, ScriptedCall(tool="todo"))),
                    ScriptedReply(say="Done.", stop="end_turn"),
                ),
            ),
        ),
        endpoint=EndpointReply(reply="hello"),
        name="script.yaml",
    )


REPLY = "version: 1\ndescription: d\nsessions: [{role: judge, replies: [{calls: [%s]}]}]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version: [1\n", ":2: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("- a\n", ": not a script; write version, description and sessions"),
        ("version: 1\ndescription: d\n", ": sessions: is missing"),
        ("version: 2\ndescription: d\nsessions: []\n", ": version: input should be 1"),
        (
            "version: 1\ndescription: d\nsessions: []\nname: x\n",
            ": name: is not a field of a script",
        ),
        (REPLY % "{tool: a, x: 1}", ": sessions[0].replies[0].calls[0].x: is not a field here"),
        (REPLY % "{arguments: {}}", ": sessions[0].replies[0].calls[0].tool: is missing"),
        (
            REPLY % "{tool: a, arguments: {x: {$file: b}}}",
            ": sessions[0].replies[0].calls[0].arguments.x: "
            "cannot read 'b': No such file or directory",
        ),
        (
            REPLY % "{tool: a, arguments: {x: [{$file: ../b}]}}",
            ": sessions[0].replies[0].calls[0].arguments.x[0]: "
            "the file '../b' is outside the script's folder",
        ),
        (
            REPLY % "{tool: a, arguments: {x: {$file: b, y: 1}}}",
            ": sessions[0].replies[0].calls[0].arguments.x: $file stands alone and names one file",
        ),
    ],
)
def test_a_fault_is_told_with_file_and_place(tmp_path: Path, text: str, sentence: str) -> None:
    path = script_file(tmp_path, text)
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    assert str(caught.value) == f"{path}{sentence}"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "secret")
    path = script_file(folder, REPLY % "{tool: a, arguments: {x: {$file: link}}}")
    with pytest.raises(ScriptError, match="outside the script's folder"):
        load_script(path)


def test_a_script_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    assert str(caught.value) == f"cannot read the script {path}: No such file or directory"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (SessionKey(role="executor", subject="T02", attempt=2), "second try"),
        (SessionKey(role="executor", subject="T02"), "any try"),
        (SessionKey(role="executor", subject="T09"), "anything"),
        (SessionKey(role="judge", subject="pass-1"), None),
    ],
)
def test_the_first_session_that_fits_answers(key: SessionKey, said: str | None) -> None:
    script = Script(
        version=1,
        description="d",
        sessions=(
            session(subject="T02", attempt=2, say="second try"),
            session(subject="T02", say="any try"),
            session(say="anything"),
        ),
    )
    reply = reply_for(script, key, 0)
    assert (reply.say if reply else None) == said
    assert reply_for(script, key, 1) is None
