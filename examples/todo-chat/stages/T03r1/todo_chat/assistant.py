"""Asks the configured model endpoint about the todos."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from todo_chat.store import Todo, Turn

DEFAULT_MODEL = "gpt-4o-mini"
REMEMBERED_TURNS = 40
TIMEOUT_SECONDS = 60

INSTRUCTIONS = """You are the assistant inside a todo list. Answer briefly and in plain text.
These are the user's todos; [x] marks what is done:
"""


class AssistantError(Exception):
    """No answer can be had; the text says why in one sentence."""


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint; the key may be empty."""

    base_url: str
    key: str
    model: str

    @property
    def host(self) -> str:
        """Without the user name and password that a URL may carry."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]


def answer(
    question: str,
    todos: list[Todo],
    conversation: list[Turn],
    environment: Mapping[str, str] = os.environ,
) -> str:
    """The model's answer, given the list and what was said before; raises AssistantError."""
    endpoint = endpoint_from(environment)
    return complete(endpoint, messages(question, todos, conversation))


def endpoint_from(environment: Mapping[str, str]) -> Endpoint:
    base_url = environment.get("OPENAI_BASE_URL", "").strip().rstrip("/")
    if not base_url.startswith(("http://", "https://")):
        raise AssistantError(
            "No model endpoint is configured: set OPENAI_BASE_URL to its http or https address."
        )
    return Endpoint(
        base_url,
        environment.get("OPENAI_API_KEY", "").strip(),
        environment.get("OPENAI_MODEL") or DEFAULT_MODEL,
    )


def messages(question: str, todos: list[Todo], conversation: list[Turn]) -> list[dict[str, str]]:
    lines = [f"- [{'x' if todo.done else ' '}] {todo.text}" for todo in todos]
    system = INSTRUCTIONS + ("\n".join(lines) or "(the list is empty)")
    recent = conversation[-REMEMBERED_TURNS:]
    return [
        {"role": "system", "content": system},
        *({"role": turn.role, "content": turn.content} for turn in recent),
        {"role": "user", "content": question},
    ]


def complete(endpoint: Endpoint, conversation: list[dict[str, str]]) -> str:
    body = json.dumps({"model": endpoint.model, "messages": conversation}).encode()
    try:
        request = Request(f"{endpoint.base_url}/chat/completions", data=body)
        request.add_header("Content-Type", "application/json")
        if endpoint.key:
            # Unredirected: another host that the endpoint points to must not see the key.
            request.add_unredirected_header("Authorization", f"Bearer {endpoint.key}")
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return content_of(json.load(response))
    except HTTPError as error:
        with error:
            raise AssistantError(refusal(endpoint, error)) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise AssistantError(
            f"The model endpoint at {endpoint.host} cannot be reached: {reason}."
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise AssistantError(
            f"The model endpoint at {endpoint.host} sent something that is not an answer."
        ) from error


def refusal(endpoint: Endpoint, error: HTTPError) -> str:
    said = f"The model endpoint at {endpoint.host} answered {error.code} {error.reason}"
    match error.code:
        case 401 | 403:
            return f"{said}; check OPENAI_API_KEY."
        case 404:
            return f"{said}; check OPENAI_BASE_URL and OPENAI_MODEL."
        case 429:
            return f"{said}; wait a little and ask again."
        case _:
            return f"{said}."


def content_of(completion: Any) -> str:
    """Raises ValueError, LookupError or TypeError when there is no text in it."""
    content = completion["choices"][0]["message"]["content"]
    if not isinstance(content, str) or not content.strip():
        raise ValueError("the answer is empty")
    return content.strip()
