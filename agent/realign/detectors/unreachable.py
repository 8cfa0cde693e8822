"""Modules that nothing a user starts ever loads: written, and never wired."""

import ast
import re
from pathlib import PurePosixPath

from agent.domain.finding import Finding
from agent.realign.detectors.subject import Subject, finding
from agent.survey.classify import is_test
from agent.survey.entry_points import has_main_guard, plugin_files
from agent.survey.imports import prefix, reachable

RULE = "unreachable-module"
MISSING_RULE = "entry-point-missing"
UNKNOWN_RULE = "reachability-unknown"
CONFIGURATION = re.compile(
    r"(^|/)(Makefile|Procfile|Dockerfile[\w.-]*|justfile|package\.json"
    r"|[^/]+\.(toml|cfg|ini|ya?ml|sh|service|conf))$"
)
"""Files that say how a program is started or what it loads."""
MENTION = re.compile(r"[A-Za-z_][\w./-]*")
STARTED_BY_TOOLS = re.compile(
    r"(^|/)(setup|noxfile|conftest|fabfile|dodo|manage|__main__|wsgi|asgi|gunicorn[\w.]*)\.py$"
    r"|(^|/)(migrations|alembic|docs?|scripts?|tools|bin|examples?|benchmarks?|ci|\.[^/]+)/"
    r"|\{\{"
)
LOADED_BY_FRAMEWORKS = {
    "django": re.compile(
        r"(^|/)(admin|apps|models|signals|urls|views|tasks)\.py$|/(management|templatetags)/"
    ),
    "streamlit": re.compile(r"(^|/)pages/"),
    "airflow": re.compile(r"(^|/)dags/"),
    "scrapy": re.compile(r"(^|/)spiders/"),
}


def unreachable_modules(subject: Subject) -> list[Finding]:
    suspects = [path for path, tree in subject.code() if must_be_wired(subject, path, tree)]
    if not suspects:
        return missing_entries(subject)
    roots = roots_of(subject)
    if not roots:
        return missing_entries(subject) or [unknown(suspects)]
    loaded = reachable(subject.graph, roots)
    lost = [path for path in suspects if path not in loaded]
    return missing_entries(subject) + [report(subject, path, loaded) for path in lost]


def must_be_wired(subject: Subject, path: str, tree: ast.Module) -> bool:
    if STARTED_BY_TOOLS.search(path):
        return False
    if PurePosixPath(path).name == "__init__.py" and not has_code(tree):
        return False
    return not any(
        pattern.search(path)
        for name, pattern in LOADED_BY_FRAMEWORKS.items()
        if is_imported(subject, name)
    )


def has_code(tree: ast.Module) -> bool:
    return any(not isinstance(node, ast.Expr) for node in tree.body)


def is_imported(subject: Subject, name: str) -> bool:
    return any(
        dotted.partition(".")[0] == name
        for names in subject.graph.external.values()
        for dotted in names
    )


def roots_of(subject: Subject) -> frozenset[str]:
    """Where loading begins: declared entries, plugins, and what configuration starts."""
    declared = subject.entry_files & subject.sources.known
    mentioning = [path for path in subject.sources.files if CONFIGURATION.search(path)]
    mentioning += [path for path in declared if not path.endswith(".py")]
    mentioned = {
        file
        for path in mentioning
        for word in MENTION.findall(subject.sources.text(path) or "")
        for file in named_in_configuration(subject, word)
    }
    entries = {path for path in declared if path.endswith(".py")}
    # A configuration may name any module, for a linter say, so it opens no repository by itself.
    if not entries and not any(not path.endswith(".py") for path in declared):
        return frozenset()
    return frozenset(entries | mentioned | plugin_files(subject.sources, subject.graph))


def named_in_configuration(subject: Subject, word: str) -> tuple[str, ...]:
    """`app/main.py`, `shop.main` of `shop.main:app`; a bare word such as `app` names nothing."""
    word = word.rstrip(".").removeprefix("./")
    if word.endswith(".py"):
        return (word,) if word in subject.sources.known else ()
    return subject.graph.modules.get(word, ()) if "." in word and "/" not in word else ()


def missing_entries(subject: Subject) -> list[Finding]:
    """Entry points whose file is not there."""
    missing = sorted(subject.entry_files - subject.sources.known)
    all_missing = len(missing) == len(subject.entry_files)
    return [
        finding(
            MISSING_RULE,
            path,
            "",
            message=f"The entry point {path} does not exist, so nothing can be started there.",
            evidence=f"{path} is declared as an entry point and is no file of the repository",
            remedy=f"Create {path} so that it starts the program.",
            severity="error" if all_missing else "warning",
        )
        for path in missing
    ]


def unknown(suspects: list[str]) -> Finding:
    return finding(
        UNKNOWN_RULE,
        "",
        "",
        message="No entry point is known, so it was not checked whether the code can be reached.",
        evidence=f"{len(suspects)} modules not checked, {suspects[0]} among them",
        remedy="Declare in the plan how a user starts the program.",
        severity="info",
    )


def report(subject: Subject, path: str, loaded: frozenset[str]) -> Finding:
    entries = ", ".join(sorted(subject.entry_files & subject.sources.known))
    runs_alone = has_main_guard(subject.sources.tree(path)) and not in_package(subject, path)
    return finding(
        RULE,
        path,
        "",
        message=f"{path} is never loaded: no entry point reaches it.",
        evidence=f"{importers(subject, path, loaded)}; entry points: {entries or 'none'}",
        remedy=f"Call it from code that {entries or 'an entry point'} loads, or remove it.",
        line=1,
        severity="warning" if runs_alone else "error",
    )


def in_package(subject: Subject, path: str) -> bool:
    return f"{prefix(PurePosixPath(path).parent)}__init__.py" in subject.sources.known


def importers(subject: Subject, path: str, loaded: frozenset[str]) -> str:
    found = [other for other in subject.graph.importers(path) if not is_own_init(path, other)]
    if not found:
        return "nothing imports it"
    shown = ", ".join(found[:3])
    if all(map(is_test, found)):
        return f"only tests import it: {shown}"
    return f"only modules import it that are not loaded either: {shown}"


def is_own_init(path: str, other: str) -> bool:
    """A file inside a package counts as an importer of the package's `__init__.py`."""
    return path.endswith("__init__.py") and other.startswith(path.removesuffix("__init__.py"))
