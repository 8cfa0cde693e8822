"""The list of models that an endpoint offers, and what it says of one of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import anyio

from agent.domain.profile import Profile
from agent.providers.client import refuse_odd_key
from agent.providers.redaction import redact
from agent.providers.sdk import connection_error
from agent.providers.triage import malformed, triage, unavailable, unreachable

if TYPE_CHECKING:
    import httpx2

NO_LIST = (404, 405, 501)
ANTHROPIC_VERSION = "2023-06-01"
WINDOW_FIELDS = (
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "max_input_tokens",
)
"""In use at vLLM; OpenRouter, Together and Fireworks; Groq; Mistral and Cerebras; Anthropic."""
OUTPUT_FIELDS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
GROUPS = ("limits", "top_provider")
"""Where OpenRouter and Cerebras put figures of a model."""
SHOWN = 8


@dataclass(frozen=True)
class ModelList:
    """What the endpoint lists; `names` is empty when it does not list anything."""

    names: tuple[str, ...] = ()
    window_tokens: int | None = None
    """Of the profile's model, where the list tells it."""
    output_tokens: int | None = None
    """The longest reply of the profile's model, where the list tells it."""

    def nearest(self, model: str) -> tuple[str, ...]:
        """Some of the names, the most similar first."""
        alike = sorted(self.names, key=lambda name: -SequenceMatcher(None, model, name).ratio())
        return tuple(alike[:SHOWN])


async def list_models(
    profile: Profile, key: str, client: "httpx2.AsyncClient", timeout_seconds: float
) -> ModelList | None:
    """The list, None from an endpoint that has none.

    Raises a ProviderError and nothing else.
    """
    import httpx2

    refuse_odd_key(key, profile)
    try:
        with anyio.fail_after(timeout_seconds):
            response = await client.get(models_url(profile), headers=headers_of(profile, key))
    except TimeoutError as error:
        silent = f"the list of models did not come within {timeout_seconds:g} s"
        raise unavailable(profile, silent) from error
    except httpx2.RequestError as error:
        raise connection_error(profile, error) from error
    except httpx2.InvalidURL as error:
        raise unreachable(profile, str(error)) from error
    if response.status_code in NO_LIST:
        return None
    if response.status_code != 200:
        text = redact(response.text, key)
        refusal = triage(response.status_code, response.headers, text, profile, request_bytes=0)
        refusal.args = (redact(str(refusal), key, profile.base_url, profile.model),)
        raise refusal
    found = read_list(response.text, profile)
    return replace(found, names=tuple(redact(name, key, profile.model) for name in found.names))


def models_url(profile: Profile) -> str:
    """The native Messages dialect counts its version to the path, the others to the base."""
    base = profile.base_url.rstrip("/")
    in_path = profile.dialect == "anthropic_messages" and not base.endswith("/v1")
    return f"{base}/v1/models" if in_path else f"{base}/models"


def headers_of(profile: Profile, key: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if profile.dialect == "anthropic_messages":
        headers = {"anthropic-version": ANTHROPIC_VERSION, "x-api-key": key}
    return headers


def read_list(text: str, profile: Profile) -> ModelList:
    """Raises MalformedReply when the text is no list of models."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    entries = body.get("data", body.get("models")) if isinstance(body, dict) else body
    if not isinstance(entries, list):
        raise malformed(profile, "its list of models is none")
    models = [entry for entry in entries if isinstance(entry, dict) and name_of(entry)]
    own = next((entry for entry in models if name_of(entry) == profile.model), {})
    return ModelList(
        names=tuple(name_of(entry) for entry in models),
        window_tokens=figure(own, WINDOW_FIELDS),
        output_tokens=figure(own, OUTPUT_FIELDS),
    )


def name_of(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or entry.get("name") or "")


def figure(entry: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """The smallest positive figure under one of the names, in the entry or a group of it."""
    found = [*figures(entry, names)]
    for group in GROUPS:
        inner = entry.get(group)
        found += figures(inner, names) if isinstance(inner, dict) else []
    return min(found, default=None)


def figures(entry: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[int]:
    for name in names:
        value = entry.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            yield value
