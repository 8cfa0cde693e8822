from collections.abc import Callable, Mapping

from agent.survey.manifests import dependencies, plugin_targets, toml
from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]


def test_every_manifest_says_what_it_declares(checkout: Checkout) -> None:
    sources = checkout(
        {
            "api/pyproject.toml": "[tool.poetry.dependencies]\npython = '^3.11'\nflask = '*'\n"
            "[tool.poetry.group.dev.dependencies]\npytest = '*'\n",
            "requirements.txt": "# pinned\nFlask[async]>=3 ; python_version > '3'\n-r more.txt\n"
            "--hash=sha256:ab\n\nhttpx # for calls\nflask\n",
            "web/package.json": '{"dependencies": {"vue": "3"}, "devDependencies": {"vite": "5"}}',
            "go.mod": "module a\n\nrequire github.com/a/b v1.2.3\nrequire (\n\tgolang.org/x/c "
            "v0.1.0\n\tgolang.org/x/d v0.1.0 // indirect\n)\n",
            "Cargo.toml": "[dependencies]\nserde = '1'\n[dev-dependencies]\ninsta = '1'\n",
            "empty/pyproject.toml": "[project]\nname = 'x'\ndependencies = 'wrong'\n",
        }
    )
    assert dependencies(sources) == {
        "api/pyproject.toml": ("flask", "pytest"),
        "requirements.txt": ("Flask", "httpx", "flask"),
        "web/package.json": ("vue", "vite"),
        "go.mod": ("github.com/a/b", "golang.org/x/c"),
        "Cargo.toml": ("serde", "insta"),
    }


def test_plugins_are_the_objects_in_entry_point_groups(checkout: Checkout) -> None:
    text = "[project.entry-points.'shop.plugins']\npay = 'shop.pay:Pay'\nodd = 3\n"
    data = toml(checkout({"pyproject.toml": text}), "pyproject.toml")
    assert plugin_targets(data) == ("shop.pay:Pay",)
