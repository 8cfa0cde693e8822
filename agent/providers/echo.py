"""What a provider wants back unchanged, kept apart by dialect.

A session may go on at another endpoint; what one dialect left in a part means nothing to another.
"""

from typing import Any

from agent.domain.message import Part
from agent.domain.profile import Dialect

Json = dict[str, Any]


def kept(dialect: Dialect, fields: Json) -> Json | None:
    """The `provider_data` of a part; None when there is nothing to keep."""
    return {dialect: fields} if fields else None


def echoed(part: Part, dialect: Dialect) -> Json:
    """What this dialect left in the part; empty when another one wrote it."""
    found = (part.provider_data or {}).get(dialect)
    return found if isinstance(found, dict) else {}
