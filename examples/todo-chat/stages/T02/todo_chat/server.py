"""Serves the page and takes what its forms send."""

import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from todo_chat.pages import page
from todo_chat.store import Store


class TodoServer(ThreadingHTTPServer):
    """Listens on this machine only; port 0 takes any free port."""

    def __init__(self, store: Store, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = store

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: TodoServer

    def do_GET(self) -> None:
        self.show_page()

    def do_POST(self) -> None:
        form = self.form()
        if not self.is_own_page():
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        try:
            self.take_form(form)
        except ValueError as error:
            self.show_page(HTTPStatus.BAD_REQUEST, todo_notice=str(error))

    def take_form(self, form: dict[str, str]) -> None:
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["todos"]:
                self.server.store.add_todo(form.get("text", ""))
                self.go_home()
            case ["todos", number, "done"] if number.isdecimal():
                self.complete(int(number))
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def complete(self, number: int) -> None:
        if self.server.store.complete_todo(number):
            self.go_home()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def is_own_page(self) -> bool:
        """Pages of other sites may not post here; programs send no origin and may."""
        origin = self.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == self.headers.get("Host")

    def form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        return {
            name: values[0].strip()
            for name, values in parse_qs(body.decode(errors="replace")).items()
        }

    def show_page(self, status: HTTPStatus = HTTPStatus.OK, **notices: str) -> None:
        body = page(self.server.store.todos(), **notices).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def go_home(self) -> None:
        """Answers a form so that reloading the page does not send it again."""
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        logging.getLogger(__name__).info(format, *values)
