"""The job's repository: 60 modules of 12,000 bytes, 20 of them wrong, and a test run that says so.

The figures are those of the job that other harnesses were measured with.
"""

import subprocess
from pathlib import Path

from agent.domain.plan import EntryPoint, Plan, Requirement, Task
from agent.planning.planfile import render

MODULES = 60
READ = 30
"""The first modules are read."""
WRONG = 20
"""Of those, the first are wrong."""
MODULE_BYTES = 12_000
REPORT_BYTES = 31_600
FUNCTIONS = 36
WRONG_FUNCTION = 17
"""In the middle of its module."""
GROUPS = 5
"""Tasks of the planned form of the job."""
PLAN = "plans/long.md"
RUN_ALL = "python3 run_tests.py"
IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")


def module_path(number: int) -> str:
    return f"shop/mod_{number:02}.py"


def function(module: int, number: int, sign: str) -> str:
    name = f"op_{module:02}_{number:02}"
    return (
        f"def {name}(amount: int, rate: int = 3) -> int:\n"
        f'    """Returns the amount of step {number} in the books of shop {module}, rounded."""\n'
        f"    scaled = amount * rate\n"
        f"    if scaled > {1000 + number * 7}:\n"
        f"        scaled -= {number % 9 + 1}\n"
        f"    for part in (2, 3, {number + 5}):\n"
        f"        scaled += part % rate\n"
        f"    return scaled {sign} {number}\n"
    )


def old_text(number: int) -> str:
    """What stands only once in a wrong module."""
    return f"        scaled += part % rate\n    return scaled - {number}\n"


def new_text(number: int) -> str:
    return f"        scaled += part % rate\n    return scaled + {number}\n"


def module_text(module: int, *, wrong: bool) -> str:
    """Exactly MODULE_BYTES long."""
    head = f'"""What shop {module} does with an amount, step by step."""\n'
    pieces = [head]
    for number in range(FUNCTIONS):
        sign = "-" if wrong and number == WRONG_FUNCTION else "+"
        pieces.append(function(module, number, sign))
    text = "\n\n".join(pieces)
    left = MODULE_BYTES - len(text)
    line = "# Amounts are whole cents; a step never changes the sign of what it is given."
    while left > 2 * len(line):
        text += line + "\n"
        left = MODULE_BYTES - len(text)
    return text + "#" * (left - 1) + "\n"


RUNNER = f'''"""Runs the tests of the modules that are named, else of all; reports like pytest."""

import importlib
import sys

REPORT_BYTES = {REPORT_BYTES}


def wanted(amount, number, rate=3):
    scaled = amount * rate
    if scaled > 1000 + number * 7:
        scaled -= number % 9 + 1
    for part in (2, 3, number + 5):
        scaled += part % rate
    return scaled + number


def main(names):
    modules = [int(name) for name in names] or range({MODULES})
    passed, blocks, failed = [], [], []
    for module in modules:
        functions = vars(importlib.import_module(f"shop.mod_{{module:02}}"))
        for number in (3, 9, {WRONG_FUNCTION}, 24, 31):
            name = f"op_{{module:02}}_{{number:02}}"
            test = f"tests/test_mod_{{module:02}}.py::test_{{name}}"
            got, right = functions[name](7), wanted(7, number)
            if got == right:
                passed.append(f"{{test}} PASSED ")
                continue
            line = functions[name].__code__.co_firstlineno
            blocks += [
                f" test_{{name}} ".center(80, "_"),
                "",
                f"    def test_{{name}}():",
                f">       assert {{name}}(7) == {{right}}",
                f"E       AssertionError: assert {{got}} == {{right}}",
                "",
                f"shop/mod_{{module:02}}.py:{{line}}: AssertionError",
            ]
            said = f"AssertionError: {{name}}(7) is {{got}}, wants {{right}}"
            failed.append(f"FAILED {{test}} - {{said}}")
    count = len(passed) + len(failed)
    head = [" test session starts ".center(78, "="), f"collected {{count}} items", ""]
    tail = [" FAILURES ".center(78, "="), *blocks] if blocks else []
    tail += [" short test summary info ".center(78, "="), *failed] if failed else []
    tail += [f" {{len(failed)}} failed, {{len(passed)}} passed in 0.42s ".center(78, "=")]
    if not names:
        room = REPORT_BYTES - sum(len(line) + 1 for line in (*head, *tail))
        width = room // len(passed) - 1
        passed = [line.ljust(width, ".") for line in passed]
        passed[-1] += "." * (room - sum(len(line) + 1 for line in passed))
    print("\\n".join([*head, *passed, *tail]))
    return int(bool(failed))


sys.exit(main(sys.argv[1:]))
'''


def failure_line(module: int) -> str:
    """What the report says of a module while it is wrong."""
    number = WRONG_FUNCTION
    name = f"op_{module:02}_{number:02}"
    scaled = 7 * 3 + sum(part % 3 for part in (2, 3, number + 5))
    said = f"{name}(7) is {scaled - number}, wants {scaled + number}"
    return f"FAILED tests/test_mod_{module:02}.py::test_{name} - AssertionError: {said}"


def group(number: int) -> tuple[int, ...]:
    """The wrong modules of a task of the planned form."""
    size = WRONG // GROUPS
    return tuple(range(number * size, (number + 1) * size))


def beside(number: int) -> tuple[int, ...]:
    """The modules that the task only reads."""
    size = (READ - WRONG) // GROUPS
    return tuple(range(WRONG + number * size, WRONG + (number + 1) * size))


def command(number: int) -> str:
    return f"{RUN_ALL} {' '.join(map(str, group(number)))}"


def task(number: int, title: str, wrong: tuple[int, ...], run: str, words: str) -> Task:
    return Task.model_validate(
        {
            "id": f"T{number:02}",
            "title": title,
            "serves": ["R1"],
            "modifies": [module_path(each) for each in wrong],
            "wiring": "`python3 run_tests.py` imports the modules",
            "checks": [{"kind": "command", "run": run}],
            "size_tokens": 30_000,
            "brief": words,
        }
    )


def planned() -> Plan:
    """The work as tasks, each with the files it changes."""
    tasks = []
    for number in range(GROUPS):
        wrong = group(number)
        shops = f"{wrong[0]:02} to {wrong[-1]:02}"
        others = " and ".join(map(module_path, beside(number)))
        words = f"Compare them with {others}, which are right, and mend what the tests report."
        title = f"The steps of shops {shops} are right"
        tasks.append(task(number + 1, title, wrong, command(number), words))
    return plan(tuple(tasks))


def stepwise() -> Plan:
    """All of the work as one task."""
    words = f"Read the modules shop/mod_00.py to {module_path(READ - 1)}, and mend what fails."
    return plan((task(1, "The steps of all shops are right", tuple(range(WRONG)), RUN_ALL, words),))


def plan(tasks: tuple[Task, ...]) -> Plan:
    check = {"kind": "command", "run": RUN_ALL}
    right = {"id": "R1", "title": "Every step of every shop is right", "checks": [check]}
    return Plan(
        name="long",
        title="The long job",
        request="Some shops calculate wrongly. Find out which, and mend them.",
        requirements=(Requirement.model_validate(right),),
        entry_points=(EntryPoint(id="E1", command=RUN_ALL, path="run_tests.py"),),
        tasks=tasks,
    )


def new_repository(folder: Path, work: Plan) -> Path:
    (folder / "shop").mkdir(parents=True)
    (folder / "plans").mkdir()
    for number in range(MODULES):
        text = module_text(number, wrong=number < WRONG)
        (folder / module_path(number)).write_text(text, encoding="utf-8")
    (folder / "run_tests.py").write_text(RUNNER, encoding="utf-8")
    (folder / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    (folder / PLAN).write_text(render(work), encoding="utf-8")
    for arguments in (("init", "-qb", "main"), ("add", "-A"), ("commit", "-qm", "begin")):
        subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True)
    return folder
