"""Which adapter speaks which dialect; an SDK is loaded when its first client is made."""

from typing import TYPE_CHECKING

from agent.domain.profile import Profile
from agent.providers.client import DialectClient

if TYPE_CHECKING:
    import httpx2


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
