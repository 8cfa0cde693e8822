"""Starts the page in the browser, or answers one question in the terminal."""

import argparse
import signal
import sqlite3
import sys
from contextlib import suppress

from todo_chat import assistant, chat
from todo_chat.server import TodoServer
from todo_chat.store import Store


def main(arguments: list[str] | None = None, answer: chat.Answer = assistant.answer) -> int:
    options = parser().parse_args(arguments)
    try:
        store = Store(options.data)
    except sqlite3.Error as error:
        return fail(f"Cannot use {options.data}: {error}.")
    if options.command == "ask":
        return ask(store, options.question, answer)
    return serve(store, options.port, answer)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python3 -m todo_chat",
        description="A todo list in the browser with a chat about it.",
        epilog="The chat asks the model endpoint in OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL.",
    )
    top.add_argument("--port", type=port, default=8000, help="0 takes a free one (default: 8000)")
    top.add_argument("--data", default="todos.db", metavar="FILE", help="(default: todos.db)")
    commands = top.add_subparsers(dest="command")
    one = commands.add_parser("ask", help="print the answer to one question")
    one.add_argument("question")
    return top


def port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number up to 65535")
    return int(text)


def ask(store: Store, question: str, answer: chat.Answer) -> int:
    try:
        print(chat.ask(store, question, answer))
    except (assistant.AssistantError, ValueError) as error:
        return fail(str(error))
    return 0


def serve(store: Store, number: int, answer: chat.Answer) -> int:
    try:
        server = TodoServer(store, number, answer)
    except OSError as error:
        return fail(f"Cannot listen on port {number}: {error.strerror}; choose one with --port.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with server, suppress(KeyboardInterrupt):
        print(f"Your todos are at {server.url} (stop with Ctrl+C)", flush=True)
        server.serve_forever()
    return 0


def fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
