"""A report as Markdown, for people and pull requests."""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.frontends.report_data import Report
from agent.frontends.text import REHEARSAL, count, short, shown


def to_markdown(report: Report) -> str:
    return (
        environment()
        .get_template("report.md.j2")
        .render(
            report=report,
            rehearsal=REHEARSAL,
            took=timedelta(
                seconds=round((report.last_event_at - report.started_at).total_seconds())
            ),
            proven=sum(item.proven for item in report.requirements),
        )
        .rstrip()
        + "\n"
    )


@cache
def environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "code": code,
        "plain": plain,
        "sentence": sentence,
        "quote": quote,
        "short": short,
        "count_of": count,
    }
    return found


def code(text: str) -> str:
    """A code span that holds whatever the text holds."""
    line = shown(text, limit=400)
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def plain(text: str) -> str:
    """One line in which nothing of a model's words works as HTML or as a link."""
    return re.sub(r"([<>\[\]])", r"\\\1", shown(text, limit=600))


def sentence(text: str) -> str:
    line = plain(text)
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
