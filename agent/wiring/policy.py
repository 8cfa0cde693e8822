"""What a run's settings allow, and what they hide."""

from agent.config import Settings
from agent.domain.policy import Policy


def policy_of(settings: Settings) -> Policy:
    return Policy(
        paths=settings.paths,
        allow_commands=settings.allow_commands,
        ask_commands=settings.ask_commands,
        deny_commands=settings.deny_commands,
        on_ask=settings.on_ask,
    )
