"""Which adapter speaks which dialect; an SDK is loaded when its first client is made."""

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from agent.domain.profile import Dialect, Profile
from agent.providers.client import DialectClient

if TYPE_CHECKING:
    import httpx2

SDKS: dict[Dialect, str] = {
    "openai_chat": "openai",
    "openai_responses": "openai",
    "anthropic_messages": "anthropic",
}


def load_ahead(profiles: Iterable[Profile]) -> Thread:
    """Loads their SDKs while others wait for processes and disks; who needs one sooner waits."""
    wanted = sorted({SDKS[profile.dialect] for profile in profiles})

    def load() -> None:
        for name in wanted:
            # Whoever needs it fails in the same way, where the failure can be told.
            with suppress(Exception):
                import_module(name)

    # No daemon: one that is ended inside of an extension module takes the process down.
    thread = Thread(target=load, name="load-sdk")
    thread.start()
    return thread


def client_of(
    profile: Profile, key: str, http_client: "httpx2.AsyncClient | None" = None
) -> DialectClient:
    """A client for the model behind the profile; close it when the run is over."""
    match profile.dialect:
        case "openai_chat":
            from agent.providers.openai_chat import OpenAIChat

            return OpenAIChat(profile, key, http_client)
        case "openai_responses":
            from agent.providers.openai_responses import OpenAIResponses

            return OpenAIResponses(profile, key, http_client)
        case "anthropic_messages":
            from agent.providers.anthropic_messages import AnthropicMessages

            return AnthropicMessages(profile, key, http_client)
