"""Writing to a reader that may go away."""

import io
import json
import os
import subprocess
import sys

from agent.frontends.output import Output
from agent.frontends.text import shown


def test_records_are_one_line_each_in_plain_ascii() -> None:
    stream = io.StringIO()
    output = Output(stream)
    output.record({"text": "zwei\nZeilen ✓"})
    output.record({"n": 1})
    lines = stream.getvalue().splitlines()
    assert [json.loads(line) for line in lines] == [{"text": "zwei\nZeilen ✓"}, {"n": 1}]
    assert stream.getvalue().isascii()


def test_work_goes_on_when_the_reader_is_gone() -> None:
    code = (
        "import sys\n"
        "from agent.frontends.output import Output\n"
        "output = Output(sys.stdout)\n"
        "for n in range(1000): output.line('x' * 1000)\n"
        "sys.exit(11)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (11, b"")


def test_what_is_shown_is_one_short_line() -> None:
    assert shown("a\tb\n\nc") == "a b c"
    assert shown("word " * 20, limit=12) == "word word w…"
