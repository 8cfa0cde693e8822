"""The demo's repository, and the settings file that `init` writes."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from agent.config import PROJECT_FILE
from agent.errors import UsageError
from agent.workspace.repository import require_git

EXAMPLE = "todo-chat"
PROJECT_TEXT = """\
# Settings of gardener for this repository; every line is optional.
# Keys never stand here: OPENAI_API_KEY and OPENAI_BASE_URL come from the environment.

# model = "MODEL-NAME"          # the model of every role that names none

# [roles.planner]
# model = "A-STRONG-MODEL"

# [roles.executor]
# model = "A-FAST-MODEL"

# setup = "npm ci"              # makes a fresh checkout ready; each run works in its own

# garden_rounds = 3             # most gardening rounds
# realign_passes = 4            # most realignment passes
"""


@dataclass(frozen=True)
class Demo:
    folder: Path
    name: str
    request: str
    script: Path


def example_folder() -> Path:
    """The example inside an installed wheel, else the one beside the package."""
    package = Path(str(files("agent")))
    installed = package / "_examples" / EXAMPLE
    return installed if installed.is_dir() else package.parent / "examples" / EXAMPLE


def prepare_demo(folder: Path | None) -> Demo:
    """Copies the example into a fresh folder and makes a git repository of it.

    Raises UsageError when the folder is not empty.
    """
    require_git()
    example = example_folder()
    target = folder or Path(tempfile.mkdtemp(prefix="gardener-demo-"))
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty; name a folder that does not exist yet")
    shutil.copytree(example / "start", target, dirs_exist_ok=True)
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--no-verify", "--message=Begin"),
    ):
        identity = ("-c", "user.name=demo", "-c", "user.email=demo@localhost")
        subprocess.run(["git", *identity, "-C", str(target), *arguments], check=True, timeout=60)
    request = (example / "request.md").read_text(encoding="utf-8")
    return Demo(
        folder=target.resolve(), name=EXAMPLE, request=request, script=example / "script.yaml"
    )


def write_project_file(place: Path) -> Path:
    """Writes a commented settings file. Raises UsageError when there is one."""
    path = place / PROJECT_FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(PROJECT_TEXT)
    except FileExistsError:
        raise UsageError(f"{path} is there already; edit it instead") from None
    return path
