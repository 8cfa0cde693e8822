"""Settings, read once at the edge and passed down; the only reader of the environment."""

from agent.config.load import (
    DEBUG_VARIABLE,
    PROJECT_FILE,
    child_environment,
    load_settings,
    read_environment,
    take_out_keys,
)
from agent.config.settings import RoleSettings, Settings

__all__ = [
    "DEBUG_VARIABLE",
    "PROJECT_FILE",
    "RoleSettings",
    "Settings",
    "child_environment",
    "load_settings",
    "read_environment",
    "take_out_keys",
]
