"""Puts the pieces of a reply in the chat dialect together, whatever habits its server has."""

from collections.abc import Mapping
from typing import Any

from agent.domain.message import (
    AnyPart,
    Completion,
    ModelRequest,
    ReasoningPart,
    TextPart,
    Usage,
)
from agent.domain.profile import Profile
from agent.providers.call_pieces import CallPieces
from agent.providers.chat_messages import DIALECT
from agent.providers.echo import kept
from agent.providers.fields import an_object, count, read_index, read_name, read_text
from agent.providers.surrogates import rejoined
from agent.providers.triage import error_in
from agent.providers.whole_reply import Draft, Told, merged, whole_reply

Json = Mapping[str, Any]
TOLD: dict[str, Told] = {
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "content_filter": "refusal",
    "refusal": "refusal",
}
REASONING_FIELDS = ("reasoning_content", "reasoning")
SAID = (*REASONING_FIELDS, "content", "refusal", "tool_calls")
ONCE_CHARACTERS = 20
"""A piece this long that says all that came before it does not say it by chance."""


class ChatAssembler:
    """Takes the chunks of one reply; the contract is Assembler's."""

    is_closed = False
    """Never before `[DONE]`: the usage may follow the finish reason."""

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._request = request
        self._profile = profile
        self._model = profile.model
        self._finish_reason = ""
        self._is_over = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._reasoning_field = ""
        self._refused = False
        self._saw_delta = False
        self._calls = CallPieces(request)
        self._usage = Usage()

    @property
    def is_whole(self) -> bool:
        """Not when something came behind the finish reason: more may be missing."""
        return self._is_over

    @property
    def failure(self) -> str:
        return "it ended the reply with an error" if self._finish_reason == "error" else ""

    def trouble(self, event: Json) -> Json | None:
        return event if error_in(event) is not None else None

    def is_idle(self, event: Json) -> bool:
        """A chunk that says nothing: without choices, or with empty ones."""
        choices = event.get("choices")
        return not any(
            choice.get("finish_reason") or any(told_in(choice).get(name) for name in SAID)
            for choice in (choices if isinstance(choices, list) else ())
            if isinstance(choice, dict)
        )

    def feed(self, event: Json) -> str:
        self._model = event.get("model") or self._model
        for usage in (event.get("usage"), an_object(event, "x_groq").get("usage")):
            if usage:
                self._usage = merged(self._usage, read_usage(usage))
        choices = event.get("choices") or []
        if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
            raise ValueError("its choices are not a list of objects")
        # Nobody asked for more than one choice.
        first = [choice for choice in choices if not read_index(choice.get("index"))]
        return "".join([self._feed_choice(choice) for choice in first])

    def _feed_choice(self, choice: Json) -> str:
        reason = read_name(choice.get("finish_reason"))
        if TOLD.get(self._finish_reason) is None:
            self._finish_reason = reason or self._finish_reason
        delta, told = an_object(choice, "delta"), told_in(choice)
        is_message = bool(told) and not delta
        self._saw_delta = self._saw_delta or any(delta.get(name) for name in SAID)
        is_last = is_message and self._saw_delta and bool(reason)
        name = next((name for name in REASONING_FIELDS if told.get(name)), "")
        if name:
            self._add(self._reasoning, read_text(told[name]), is_message, is_last)
            self._reasoning_field = name
        refusal = read_text(told.get("refusal"))
        self._refused = self._refused or bool(refusal)
        said = read_text(told.get("content")) + refusal
        text = self._add(self._text, said, is_message, is_last)
        calls = told.get("tool_calls") or []
        self._calls.feed(calls, is_summary=is_message and bool(reason))
        self._is_over = bool(reason) or (self._is_over and not (text or calls))
        return text

    @staticmethod
    def _add(pieces: list[str], text: str, is_message: bool, is_last: bool) -> str:
        """Adds what is new: a message behind others may say all of them again."""
        before = rejoined("".join(pieces)) if is_message else ""
        if before and (is_last or len(before) >= ONCE_CHARACTERS):
            is_old = text.strip() == before.strip() or (
                is_last and len(text) >= ONCE_CHARACTERS and before.startswith(text)
            )
            text = "" if is_old else text.removeprefix(before)
        pieces.append(text)
        return text

    def completion(self) -> Completion:
        """A reply whose server never counted carries a usage of zeros."""
        parts: list[AnyPart] = []
        if reasoning := "".join(self._reasoning):
            origin = kept(DIALECT, {"field": self._reasoning_field})
            parts.append(ReasoningPart(text=reasoning, provider_data=origin))
        if text := "".join(self._text):
            parts.append(TextPart(text=text))
        draft = Draft(
            parts=(*parts, *self._calls.finished()),
            told=TOLD.get(self._finish_reason, "refusal" if self._refused else "end_turn"),
            usage=self._usage,
            model=self._model,
            is_guessed=self._calls.is_guessed,
        )
        return whole_reply(draft, self._request, self._profile)


def told_in(choice: Json) -> Json:
    """What a choice says: a delta, or a message in place of one."""
    return an_object(choice, "delta") or an_object(choice, "message")


def read_usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        raise ValueError("its usage is not an object")
    return Usage(
        input_tokens=count(usage, "prompt_tokens"),
        output_tokens=count(usage, "completion_tokens"),
        cached_tokens=count(an_object(usage, "prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=count(an_object(usage, "completion_tokens_details"), "reasoning_tokens"),
    )
