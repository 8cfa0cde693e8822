"""The commands that look, and the small ones that write, as the command line sees them."""

from agent.errors import UsageError
from agent.frontends import flags


def init(json: flags.Json = False) -> int:
    """Write gardener.toml, this repository's settings.

    \b
    Example:  gardener init
    Next:     gardener plan "what you want"
    """
    from agent.frontends import commands_read

    return commands_read.init(as_json=json).exit_code


def lint(plan: flags.PlanFile, json: flags.Json = False) -> int:
    """Check a plan file by rules, without a model.

    \b
    Example:  gardener lint plans/todo.md
    Next:     mend what it names, then gardener garden plans/todo.md
    """
    from agent.frontends import commands_read

    return commands_read.lint(plan, as_json=json).exit_code


def audit(
    plan: flags.OptionalPlan = None, base: flags.Base = None, json: flags.Json = False
) -> int:
    """Find stubs, unreachable code and empty tests by rules.

    Also finds dependencies that are declared and never imported. No model is asked.

    \b
    Example:  gardener audit --base main
    Next:     mend what it names
    """
    from agent.frontends import commands_read

    return commands_read.audit(plan, base, as_json=json).exit_code


def status(run: flags.Run = None, json: flags.Json = False) -> int:
    """Say where a run stands.

    \b
    Example:  gardener status --json
    Next:     the command in its last line
    """
    from agent.frontends import commands_read

    return commands_read.status(run, as_json=json).exit_code


def report(
    run: flags.Run = None,
    json: flags.Json = False,
    markdown: flags.Markdown = False,
    target: flags.Target = None,
) -> int:
    """Show each requirement with its evidence.

    Checks before and after, commits, the judge's word, what was mended and what is left.

    \b
    Example:  gardener report --output report.md
    Next:     gardener merge
    """
    from agent.frontends import commands_read

    if json and markdown:
        raise UsageError("--json and --markdown exclude each other; give one of them")
    return commands_read.report(run, as_json=json, target=target).exit_code


def merge(run: flags.Run = None, json: flags.Json = False, unproven: flags.Unproven = False) -> int:
    """Merge a run's branch into the one checked out.

    A run that is not proven is refused, unless you say otherwise.

    \b
    Example:  gardener merge
    Next:     git push
    """
    from agent.frontends import commands_read

    return commands_read.merge(run, as_json=json, unproven=unproven).exit_code


def discard(run: flags.Run = None, json: flags.Json = False, yes: flags.Yes = False) -> int:
    """Remove a run's branch and worktree.

    Its journal stays, so that its report can still be read.

    \b
    Example:  gardener discard 20260102-030405-ab12 --yes
    Next:     gardener run "the same, said better"
    """
    from agent.frontends import commands_read

    return commands_read.discard(run, as_json=json, confirmed=yes).exit_code
