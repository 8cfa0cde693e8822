"""Writes a plan as Markdown."""

import re

from agent.domain.plan import EntryPoint, Plan, Requirement, Task
from agent.planning.check_line import render_check
from agent.planning.markup import code_span, write_value, write_word

FORMAT_VERSION = 1
TEXT_MARK = "<!-- text -->"
"""Ends the fields of an item where its prose could be read as one of them."""
BULLET = re.compile(r"^ {0,3}[-*+](?:\s|$)")
CARRIAGE_RETURN = re.compile(r"&((?:amp;)*)#13;")


def render(plan: Plan, *, with_request: bool = True) -> str:
    """The plan file; `planfile.parse` is its exact inverse."""
    lines = [*front_matter(plan), "", f"# {plan.title}", *prose_lines(plan.introduction)]
    if with_request:
        lines += ["## Request", "", *quoted(plan.request), ""]
    if plan.requirements:
        lines += ["## Requirements", ""]
    for requirement in plan.requirements:
        lines += requirement_lines(requirement)
    if plan.decisions:
        lines += ["## Decisions", ""]
    for decision in plan.decisions:
        lines += [f"### {decision.id}: {decision.title}", *prose_lines(decision.reason)]
    if plan.entry_points:
        lines += ["## Entry points", ""]
    for entry_point in plan.entry_points:
        lines += entry_point_lines(entry_point)
    if plan.tasks:
        lines += ["## Tasks", ""]
    for task in plan.tasks:
        lines += task_lines(task)
    return "\n".join(lines)


def front_matter(plan: Plan) -> list[str]:
    lines = ["---", f"gardener: {FORMAT_VERSION}", f"plan: {plan.name}"]
    lines.append(f"revision: {plan.revision}")
    if plan.base:
        lines.append(f"base: {plan.base}")
    return [*lines, "---"]


def quoted(request: str) -> list[str]:
    """A block quote; carriage returns become `&#13;`, so that no tool turns them into line ends."""
    escaped = CARRIAGE_RETURN.sub(r"&amp;\1#13;", request).replace("\r", "&#13;")
    return [f"> {line}" if line else ">" for line in escaped.split("\n")]


def unquoted(lines: list[str]) -> str:
    text = "\n".join(line[2:] if line.startswith("> ") else line[1:] for line in lines)
    return CARRIAGE_RETURN.sub(
        lambda match: f"&{match[1][4:]}#13;" if match[1] else "\r",
        text,
    )


def prose_lines(prose: str) -> list[str]:
    return ["", *prose.split("\n"), ""] if prose else [""]


def block(fields: list[str], prose: str) -> list[str]:
    lines = ["", *fields, ""] if fields else [""]
    if needs_mark(prose):
        lines.append(TEXT_MARK)
    return [*lines, *prose.split("\n"), ""] if prose else lines


def needs_mark(prose: str) -> bool:
    first = next((line for line in prose.split("\n") if line.strip()), "")
    return first.strip() == TEXT_MARK or bool(BULLET.match(first))


def requirement_lines(requirement: Requirement) -> list[str]:
    checks = [f"- check: {render_check(check)}" for check in requirement.checks]
    heading = f"### {requirement.id}: {requirement.title}"
    return [heading, *block(checks, requirement.acceptance)]


def entry_point_lines(entry_point: EntryPoint) -> list[str]:
    fields = [f"- path: {write_value(entry_point.path)}"]
    if entry_point.purpose:
        fields.append(f"- purpose: {entry_point.purpose}")
    return [f"### {entry_point.id}: {code_span(entry_point.command)}", *block(fields, "")]


def task_lines(task: Task) -> list[str]:
    values = {
        "serves": ", ".join(map(write_word, task.serves)),
        "creates": ", ".join(map(write_value, task.creates)),
        "modifies": ", ".join(map(write_value, task.modifies)),
        "depends": ", ".join(map(write_word, task.depends)),
        "wiring": task.wiring,
        "size": f"{task.size_tokens} tokens" if task.size_tokens else "",
        "closes": ", ".join(map(write_word, task.closes)),
    }
    fields = [f"- {name}: {value}" for name, value in values.items() if value]
    fields += [f"- check: {render_check(check)}" for check in task.checks]
    return [f"### {task.id}: {task.title}", *block(fields, task.brief)]
