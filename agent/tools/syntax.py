"""Tells a model at once when what it wrote is not Python."""

import warnings


def syntax_problem(path: str, text: str) -> str:
    """`path:line: what is wrong` for a Python file that does not compile, else nothing."""
    if not path.endswith(".py"):
        return ""
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"{path}:{error.lineno or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"{path}:1: {error or type(error).__name__}"
    return ""
