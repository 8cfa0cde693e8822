"""Which changes of a runner's configuration make it run, demand or measure less."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from agent.domain.finding import Severity
from agent.realign.tampering.exclusions import USUAL
from agent.realign.tampering.gates import narrowing
from agent.realign.tampering.settings import Setting, Settings, settings_of
from agent.realign.tampering.tree import Change

MISSING = Setting("", ())
FAKES = re.compile(r"mock|stub|fake|dummy", re.IGNORECASE)
PYTEST_DEFAULTS = {
    "python_files": ("test_*.py", "*_test.py"),
    "norecursedirs": ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv"),
}


@dataclass(frozen=True)
class Loosened:
    """One setting that asks for less than it did."""

    name: str
    path: str
    line: int
    what: str
    """What it does now, to follow the setting's name."""
    severity: Severity = "error"
    about: str = "runner"
    """`runner` or `coverage`."""


Rule = Callable[[Setting, Setting], str]
"""What is looser, in words; empty when nothing is."""


def grows(old: Setting, new: Setting) -> str:
    more = [value for value in new.values if value not in old.values]
    return f"leaves out {', '.join(more)} as well" if more else ""


def excludes(old: Setting, new: Setting) -> str:
    """As `grows`, but for lines that everybody leaves out of the measurement."""
    unusual = tuple(value for value in new.values if not USUAL.search(value))
    return grows(old, Setting(new.path, unusual))


def shrinks(old: Setting, new: Setting) -> str:
    lost = [value for value in old.values if value not in new.values]
    return f"no longer has {', '.join(lost)}" if lost and new.values else ""


def lowers(old: Setting, new: Setting) -> str:
    was, now = number(old), number(new)
    if was is None or (now is not None and now >= was):
        return ""
    return f"was {was:g} and is {'gone' if now is None else f'{now:g}'}"


def turns_on(old: Setting, new: Setting) -> str:
    return "is switched on" if is_on(new) and not is_on(old) else ""


def turns_off(old: Setting, new: Setting) -> str:
    return "is switched off" if is_on(old) and not is_on(new) else ""


def says_no(old: Setting, new: Setting) -> str:
    return "is switched off" if is_off(new) and not is_off(old) else ""


def is_set(old: Setting, new: Setting) -> str:
    return f"is now {new.text}" if new.values and new.text != old.text else ""


def fakes(old: Setting, new: Setting) -> str:
    found = FAKES.search(new.text) and new.text != old.text
    return f"puts {new.text} in the place of a module" if found else ""


def number(setting: Setting) -> float | None:
    try:
        return float(setting.text)
    except ValueError:
        return None


def is_on(setting: Setting) -> bool:
    return setting.text.lower() in {"true", "1", "yes", "on"}


def is_off(setting: Setting) -> bool:
    return setting.text.lower() in {"false", "0", "no", "off"}


COVERAGE = r"(coverage|nyc|c8)\..*|(jest|vitest)\.coverage\w*\..*|jest\.\w*[cC]overage\w*"
RULES: tuple[tuple[str, Rule], ...] = (
    (r"pytest\.python_(classes|functions)", shrinks),
    (r"pytest\.xfail_strict", turns_off),
    (r"coverage\.(run|report)\.omit", grows),
    (r"coverage\.(run|report)\.exclude_(lines|also|other)", excludes),
    (r"coverage\.(run|report)\.(partial_branches|partial_also)", grows),
    (r"coverage\.run\.(source|source_pkgs|include)", shrinks),
    (r"coverage\.report\.fail_under", lowers),
    (r"coverage\.run\.branch|(nyc|c8)\.check-coverage", turns_off),
    (r"(nyc|c8)\.(lines|branches|functions|statements)", lowers),
    (r"(nyc|c8)\.exclude", grows),
    (r"jest\.coverageThreshold\..*|vitest\.coverage\.thresholds\..*", lowers),
    (r"jest\.coveragePathIgnorePatterns|vitest\.coverage\.exclude", grows),
    (r"jest\.(testPathIgnorePatterns|modulePathIgnorePatterns)|vitest\.exclude", grows),
    (r"mocha\.(ignore|exclude)|playwright\.testIgnore|ava\.ignoredByWatcher", grows),
    (r"jest\.(testMatch|testRegex|roots|projects)|vitest\.include|mocha\.spec|ava\.files", shrinks),
    (
        r"(jest|vitest)\.passWithNoTests|vitest\.(allowOnly|dangerouslyIgnoreUnhandledErrors)",
        turns_on,
    ),
    (r"(mocha|playwright)\.forbidOnly", turns_off),
    (r"(jest|vitest)\.(testNamePattern|testRunner|runner)|mocha\.(grep|fgrep|invert)", is_set),
    (r"jest\.moduleNameMapper\..*|vitest\.(resolve\.)?alias\..*", fakes),
    (r"cargo\..*\.(test|doctest|harness|autotests|autobins)", says_no),
    (r"cargo\..*\.workspace\.(members|default-members)", shrinks),
    (r"cargo\..*\.workspace\.exclude", grows),
)


def loosened(change: Change) -> Iterator[Loosened]:
    before, after = settings_of(change.before), settings_of(change.after)
    tools = {name.partition(".")[0] for name in before}
    for name in sorted({*before, *after}):
        old, new = before.get(name, MISSING), after.get(name, MISSING)
        if old.values == new.values:
            continue
        what = judged(name, old, new)
        is_coverage = bool(re.fullmatch(COVERAGE, name))
        if what and not (is_coverage and name.partition(".")[0] not in tools):
            path = new.path or old.path
            shown = re.sub(r"^cargo\..*?\.toml\.", "", name)
            yield Loosened(
                shown, path, new.line, what, about="coverage" if is_coverage else "runner"
            )
    yield from narrowed_options(before, after)
    yield from uncollected(change, before, after)


def judged(name: str, old: Setting, new: Setting) -> str:
    for pattern, rule in RULES:
        if re.fullmatch(pattern, name):
            return rule(old, new)
    return ""


def narrowed_options(before: Settings, after: Settings) -> Iterator[Loosened]:
    old, new = before.get("pytest.addopts", MISSING), after.get("pytest.addopts", MISSING)
    more = narrowing("pytest", new.values) - narrowing("pytest", old.values)
    if more:
        what = f"now has {', '.join(sorted(more))}"
        yield Loosened("pytest.addopts", new.path, new.line, what)
    was, now = threshold(old), threshold(new)
    if was > now:
        what = f"asked for a coverage of {was:g} and asks for {now:g}"
        yield Loosened("pytest.addopts", new.path or old.path, new.line, what, about="coverage")


def threshold(options: Setting) -> float:
    found = re.search(r"--cov-fail-under[= ](\d+(?:\.\d+)?)", options.text)
    return float(found[1]) if found else 0.0


def uncollected(change: Change, before: Settings, after: Settings) -> Iterator[Loosened]:
    """Test files that pytest found by the settings of then, and does not by those of now."""
    files = [path for path in change.after.files if path.endswith(".py")]
    for name in ("testpaths", "python_files", "norecursedirs"):
        key = f"pytest.{name}"
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        if old.values == new.values:
            continue
        only_this = {**before, key: new}
        lost = [p for p in files if is_collected(p, before) and not is_collected(p, only_this)]
        if lost:
            what = f"keeps pytest from {counted(len(lost), 'test file')}, {lost[0]} among them"
            yield Loosened(key, new.path or old.path, new.line, what)


def counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def is_collected(path: str, settings: Settings) -> bool:
    def value(name: str) -> tuple[str, ...]:
        setting = settings.get(f"pytest.{name}", MISSING)
        return setting.values or PYTEST_DEFAULTS.get(name, ())

    pure = PurePosixPath(path)
    places = [place.strip("./\"'") for place in value("testpaths")]
    inside = not places or any(
        path == place or path.startswith(f"{place}/") or fnmatch(path, f"{place}/*")
        for place in places
    )
    named = any(fnmatch(pure.name, pattern.strip("\"'")) for pattern in value("python_files"))
    avoided = any(
        fnmatch(part, pattern) for part in pure.parts[:-1] for pattern in value("norecursedirs")
    )
    return inside and named and not avoided
