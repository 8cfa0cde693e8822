"""A task is shown the part of the repository that it is about."""

from agent.context.repo_slice import Interest, neighbours, ranked, repo_slice
from agent.context.tokens import estimate

FILES = (
    "README.md",
    "app/__init__.py",
    "app/billing.py",
    "app/cart.py",
    "app/deep/inner/shipping.py",
    "app/store.py",
    "docs/notes.md",
    "tests/test_store.py",
)
SYMBOLS = {
    "app/billing.py": ("def invoice_total(order)",),
    "app/cart.py": ("class Cart", " def add(self, item)"),
    "app/store.py": ("class Store",),
    "app/deep/inner/shipping.py": ("def parcel()",),
}


def interest(*touched: str, text: str = "", near: tuple[str, ...] = ()) -> Interest:
    return Interest(touched, frozenset(near), text)


def test_what_the_task_touches_comes_first_then_what_it_names_then_neighbours() -> None:
    about = interest("app/store.py", text="Print a label in shipping.py", near=("app/cart.py",))
    assert ranked(FILES, about, {})[:3] == [
        "app/store.py",
        "app/deep/inner/shipping.py",
        "app/cart.py",
    ]


def test_words_of_the_task_find_names_in_signatures() -> None:
    about = interest(text="Round the total of each invoice")
    assert ranked(FILES, about, SYMBOLS)[0] == "app/billing.py"


def test_a_word_that_is_everywhere_counts_little() -> None:
    about = interest(text="app store app app")
    assert ranked(FILES, about, SYMBOLS)[0] == "app/store.py"


def test_imports_make_neighbours_in_both_directions_and_in_any_language() -> None:
    texts = {
        "app/store.py": "from app.cart import Cart\n",
        "app/cart.py": "x = 1\n",
        "tests/test_store.py": "import app.store\n",
        "web/list.ts": 'import { get } from "./store";\n',
        "src/main.rs": "use crate::store::Store;\n",
        "app/billing.py": "# the store is elsewhere\n",
    }
    assert neighbours(["app/store.py"], texts) == {
        "app/cart.py",
        "tests/test_store.py",
        "web/list.ts",
        "src/main.rs",
    }


def test_the_nearest_have_their_signatures_and_the_rest_are_named_by_folder() -> None:
    symbols = {path: SYMBOLS[path] for path in ("app/cart.py", "app/store.py")}
    text = repo_slice(["app/cart.py", "app/store.py", *FILES[:3], "docs/notes.md"], symbols, 200)
    assert text.split("\n") == [
        "app/cart.py",
        "  class Cart",
        "   def add(self, item)",
        "app/store.py",
        "  class Store",
        "./: README.md",
        "app/: __init__.py, billing.py",
        "docs/: notes.md",
    ]


def test_a_file_that_is_shown_whole_is_not_shown_twice() -> None:
    assert "cart" not in repo_slice(FILES, SYMBOLS, 500, frozenset({"app/cart.py"}))


def test_a_large_repository_keeps_to_the_budget_and_says_what_is_left_out() -> None:
    files = [f"package_{n % 40}/module_{n}.py" for n in range(5_000)]
    symbols = {path: (f"def function_{path[-7:-3]}(argument: int) -> str",) for path in files}
    text = repo_slice(files, symbols, 1_000)
    assert estimate(text) <= 1_050
    last = text.split("\n")[-1]
    assert last.startswith("... and ")
    shown = text.count("module_")
    assert last == f"... and {5_000 - shown} more files"


def test_one_file_that_is_left_out_is_one_file() -> None:
    assert repo_slice(["a.py", "b.py"], {}, 10).split("\n")[-1] == "... and 1 more file"
