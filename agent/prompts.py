"""Finds and renders the templates under `prompts/`: every word a model reads."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.domain.fence import fenced, plain_name, source

SUFFIX = ".md.j2"


def prompt_root() -> Path:
    """The templates inside an installed wheel, else the ones beside the package."""
    installed = Path(str(files("agent"))) / "_prompts"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "prompts"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(prompt_root()),
        undefined=StrictUndefined,
        autoescape=False,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    # What others wrote stands in a fence that it cannot close.
    made.filters.update(data=fenced, source=source, name=plain_name)
    return made


def render(name: str, /, **values: object) -> str:
    """The text of template `name`, or of one of its blocks: `tools/edit#not_found`.

    Raises jinja2.UndefinedError when a value is missing.
    """
    name, _, block = name.partition("#")
    template = environment().get_template(name + SUFFIX)
    if not block:
        return template.render(values).strip()
    return "".join(template.blocks[block](template.new_context(values))).strip()


def names() -> tuple[str, ...]:
    """Every template, without its suffix."""
    root = prompt_root()
    return tuple(
        sorted(
            path.relative_to(root).as_posix().removesuffix(SUFFIX)
            for path in root.rglob("*" + SUFFIX)
        )
    )


def digest(name: str) -> str:
    """Identifies the wording of a template."""
    source = (prompt_root() / (name + SUFFIX)).read_bytes()
    return hashlib.sha256(source).hexdigest()[:12]
