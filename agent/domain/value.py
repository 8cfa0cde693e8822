"""The base of everything that is journalled or crosses a boundary."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Frozen, equal by content, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
