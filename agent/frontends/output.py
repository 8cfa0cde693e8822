"""Writing to a stream whose reader may go away before the work is done."""

import json
import os
from collections.abc import Mapping
from typing import Any, TextIO

from agent.errors import Outcome

SCHEMA = 1


class Output:
    """Lines and JSON records, one at a time; silent once nobody reads any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._has_reader = True

    def line(self, text: str) -> None:
        if not self._has_reader:
            return
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except BrokenPipeError:
            self._has_reader = False
            self._discard_buffer()

    def record(self, value: Mapping[str, Any]) -> None:
        self.line(json.dumps(value))

    def _discard_buffer(self) -> None:
        """Sends what is still buffered nowhere, or the interpreter fails on it when it exits."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def error_record(outcome: Outcome, message: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "type": "error",
        "outcome": outcome.value,
        "exit_code": outcome.exit_code,
        "message": message,
    }
