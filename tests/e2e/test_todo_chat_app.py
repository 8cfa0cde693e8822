"""The example's finished program works: assembled from the script's own writes and edits."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import yaml

EXAMPLE = Path(__file__).parents[2] / "examples" / "todo-chat"
Arguments = dict[str, Any]


@pytest.fixture(scope="module")
def script() -> list[dict[str, Any]]:
    text = (EXAMPLE / "script.yaml").read_text("utf-8")
    document = with_files(yaml.safe_load(text))
    assert isinstance(document, dict)
    sessions: list[dict[str, Any]] = document["sessions"]
    return sessions


def with_files(node: object) -> object:
    match node:
        case {"$file": path}:
            return (EXAMPLE / path).read_text("utf-8")
        case dict():
            return {key: with_files(value) for key, value in node.items()}
        case list():
            return [with_files(item) for item in node]
        case _:
            return node


def calls(session: dict[str, Any], *tools: str) -> Iterator[tuple[str, Arguments]]:
    for reply in session["replies"]:
        for call in reply.get("calls", []):
            if call["tool"] in tools:
                yield call["tool"], call["arguments"]


@pytest.fixture(scope="module")
def app(script: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as the scripted executors leave it."""
    root = tmp_path_factory.mktemp("app")
    shutil.copytree(EXAMPLE / "start", root, dirs_exist_ok=True)
    for session in script:
        if session["role"] != "executor":
            continue
        for tool, arguments in calls(session, "write", "edit"):
            if tool == "write":
                path = root / arguments["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(arguments["content"], "utf-8")
            else:
                edit(root, arguments["edits"])
    return root


def edit(root: Path, edits: list[dict[str, str]]) -> None:
    """All of the edits, or none when one does not fit, as the tool does it."""
    texts = {item["path"]: (root / item["path"]).read_text("utf-8") for item in edits}
    for item in edits:
        if texts[item["path"]].count(item["old"]) != 1:
            return
        texts[item["path"]] = texts[item["path"]].replace(item["old"], item["new"])
    for path, text in texts.items():
        (root / path).write_text(text, "utf-8")


class Endpoint(HTTPServer):
    """A model endpoint that numbers its answers and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), EndpointHandler)
        self.asked: list[Any] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class EndpointHandler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body["messages"])
        content = f"<b>answer {len(self.server.asked)}</b>"
        reply = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def environment(base_url: str) -> dict[str, str]:
    return {
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "secret-key",
    }


@contextmanager
def started(app: Path, data: Path, base_url: str) -> Iterator[str]:
    """The address of a running program, which must end cleanly when it is told to."""
    command = [sys.executable, "-m", "todo_chat", "--port", "0", "--data", str(data)]
    with subprocess.Popen(
        command, cwd=app, env=environment(base_url), stdout=subprocess.PIPE, text=True
    ) as program:
        limit = threading.Timer(30, program.kill)
        limit.start()
        try:
            assert program.stdout is not None
            words = program.stdout.readline().split()
            yield next(word for word in words if word.startswith("http://"))
            program.terminate()
            assert program.wait() == 0
        finally:
            program.kill()
            limit.cancel()
            limit.join()


def fetch(url: str, path: str, **form: str) -> tuple[int, str]:
    """Gets a page, or posts a form and follows where the browser is sent."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if form:
            connection.request("POST", path, urlencode(form), headers)
        else:
            connection.request("GET", path)
        response = connection.getresponse()
        page = response.read().decode()
        status, location = response.status, response.headers.get("Location")
    return fetch(url, location) if status == 303 and location else (status, page)


def test_the_finished_program_passes_its_own_tests(app: Path) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "unittest"]
    done = subprocess.run(
        command,
        cwd=app,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "OK"), done.stderr


def test_todos_can_be_added_and_completed_in_the_browser(app: Path, tmp_path: Path) -> None:
    with started(app, tmp_path / "todos.db", "") as url:
        status, page = fetch(url, "/todos", text="buy <i>milk</i>")
        assert (status, "buy &lt;i&gt;milk&lt;/i&gt;" in page) == (200, True)
        _, page = fetch(url, "/todos/1/done", x="")
        assert "<s>buy &lt;i&gt;milk&lt;/i&gt;</s>" in page
        assert fetch(url, "/nowhere")[0] == 404


def test_the_endpoint_is_asked_with_the_todos_and_the_conversation_so_far(
    app: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    data = tmp_path / "todos.db"
    with started(app, data, endpoint.base_url) as url:
        fetch(url, "/todos", text="buy milk")
        _, page = fetch(url, "/chat", question="What first?")
        assert "&lt;b&gt;answer 1&lt;/b&gt;" in page
    with started(app, data, endpoint.base_url) as url:
        status, page = fetch(url, "/chat", question="And then?")
        assert (status, "What first?" in page, "answer 2" in page) == (200, True, True)
    system, *talk = endpoint.asked[1]
    assert "- [ ] buy milk" in system["content"]
    assert talk == [
        {"role": "user", "content": "What first?"},
        {"role": "assistant", "content": "<b>answer 1</b>"},
        {"role": "user", "content": "And then?"},
    ]


def test_an_endpoint_that_is_not_there_is_told_in_the_chat(app: Path, tmp_path: Path) -> None:
    with started(app, tmp_path / "todos.db", "http://127.0.0.1:1/v1") as url:
        status, page = fetch(url, "/chat", question="What first?")
    assert status == 502
    assert "The model endpoint at 127.0.0.1:1 cannot be reached" in page
    assert "secret-key" not in page


def test_ask_prints_what_the_endpoint_answers(
    app: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    command = [sys.executable, "-m", "todo_chat", "--data", str(tmp_path / "todos.db"), "ask"]
    done = subprocess.run(
        [*command, "What is on my list?"],
        cwd=app,
        env=environment(endpoint.base_url),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "<b>answer 1</b>\n", "")


def test_the_last_judge_cites_lines_of_the_finished_program(
    script: list[dict[str, Any]], app: Path
) -> None:
    judge = next(s for s in script if (s["role"], s["subject"]) == ("judge", "pass-2"))
    ((_, arguments),) = calls(judge, "verdicts")
    cited = [citation for verdict in arguments["verdicts"] for citation in verdict["citations"]]
    assert cited
    for place in cited:
        lines = (app / place["path"]).read_text("utf-8").splitlines()
        assert place["quote"] in lines[place["line"] - 1], place
