"""How much of a tool's result a model is still shown; the whole stays in the journal."""

from typing import Literal

from pydantic import Field

from agent.domain.value import Value

ReductionKind = Literal["clipped", "pointer", "superseded", "one_line"]
"""The ladder's rungs, gentlest first. `clipped`: head, tail and failure lines are shown.
`pointer`: the same text stands elsewhere in the session. `superseded`: a later call made it old.
`one_line`: it was a success, and is long ago."""


class Reduction(Value):
    call_id: str
    kind: ReductionKind
    tokens: int = Field(default=0, ge=0)
    """What a clipped result may take."""
    by: str = ""
    """The call that shows the same, or that made it old; empty when the brief shows it."""
    parts: tuple[int, ...] = ()
    """Of a result that shows several files: the numbers, from 0, of those meant; empty means the
    whole result."""
