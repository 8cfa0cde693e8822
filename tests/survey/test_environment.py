from collections.abc import Callable, Mapping

from agent.survey.environment import environment_variables
from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]


def test_variables_are_found_however_they_are_read(checkout: Checkout) -> None:
    python = (
        "import os\nfrom os import environ, getenv\n"
        "a = os.environ['A']\nb = os.environ.get('B', '')\nc = os.getenv('C')\n"
        "d = environ['D']\ne = getenv('E', default='x')\nf = config.get('NOT_ME')\n"
    )
    node = "const a = process.env.NODE_A || process.env['NODE_B'];\nprocess.env[name];\n"
    sources = checkout(
        {"a.py": python, "b.ts": node, "tests/test_a.py": "import os\nos.getenv('TEST_ONLY')\n"}
    )
    assert environment_variables(sources) == ("A", "B", "C", "D", "E", "NODE_A", "NODE_B")
