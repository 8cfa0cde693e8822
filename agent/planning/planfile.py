"""The plan file: Markdown that a person reads, edits and reviews, and the plan it stands for.

`parse` and `render` are exact inverses; the format is described in `plans/FORMAT.md`.
"""

from agent.planning.outline import item_lines
from agent.planning.plan_parse import parse
from agent.planning.plan_render import render

__all__ = ["item_lines", "parse", "render"]
