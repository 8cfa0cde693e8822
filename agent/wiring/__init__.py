"""Puts a run together: the only place that names concrete classes."""

from agent.wiring.discard import Discarded, discard_run
from agent.wiring.example import Demo, prepare_demo, write_project_file
from agent.wiring.reads import audit_repository, lint_plan, merge_run
from agent.wiring.runs import RunResult, resume_run, start_run

__all__ = [
    "Demo",
    "Discarded",
    "RunResult",
    "audit_repository",
    "discard_run",
    "lint_plan",
    "merge_run",
    "prepare_demo",
    "resume_run",
    "start_run",
    "write_project_file",
]
