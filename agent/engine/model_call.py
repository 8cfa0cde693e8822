"""One request to a model, and the only retry loop."""

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential,
)

from agent.domain.event import ModelRefused, ModelResponded
from agent.domain.message import AnyPart, Completion, Message, ModelRequest, ToolCall
from agent.domain.state import SessionState
from agent.engine.admission import send
from agent.engine.run_context import Limits, RunContext
from agent.errors import MalformedReply, RateLimited, Unavailable, Unreachable

MINUTE_SECONDS = 60.0
UNREACHABLE_ATTEMPTS = 3
BACKOFF = wait_exponential(multiplier=1, max=30)


async def ask(
    context: RunContext, session: SessionState, request: ModelRequest, estimated_tokens: int
) -> Completion:
    """Sends a request until it is answered, and journals the reply.

    A minute limit is waited out, a broken connection is tried again; anything else, and the last
    failure, is raised as its ProviderError.
    """

    def wait(state: RetryCallState) -> float:
        last = given_up(state, context.limits)
        seconds = 0.0 if last else pause_seconds(state)
        assert state.outcome is not None
        context.tell(
            ModelRefused(
                session=session.key, error=str(state.outcome.exception()), wait_seconds=seconds
            )
        )
        return seconds

    retrying = AsyncRetrying(
        sleep=context.clock.sleep,
        wait=wait,
        stop=lambda state: given_up(state, context.limits),
        retry=retry_if_exception_type((RateLimited, Unavailable, MalformedReply)),
        reraise=True,
    )
    begun = context.clock.monotonic()
    completion: Completion = await retrying(send, context, session, request, estimated_tokens)
    completion = with_fresh_ids(completion, session)
    context.tell(
        ModelResponded(
            session=session.key,
            completion=completion,
            estimated_tokens=estimated_tokens,
            reserved_tokens=request.max_output_tokens,
            seconds=context.clock.monotonic() - begun,
        )
    )
    return completion


def given_up(state: RetryCallState, limits: Limits) -> bool:
    """Whether the failure is the last: attempts are used up, or waiting could not help.

    A wrong address does not become right, and a wait that the endpoint puts beyond a minute's
    limit is not sat out.
    """
    error = state.outcome.exception() if state.outcome else None
    if (
        isinstance(error, RateLimited)
        and (error.retry_after_seconds or 0) > limits.max_wait_seconds
    ):
        return True
    most = UNREACHABLE_ATTEMPTS if isinstance(error, Unreachable) else limits.request_attempts
    return state.attempt_number >= min(most, limits.request_attempts)


def pause_seconds(state: RetryCallState) -> float:
    """How long to wait before the next try: the endpoint's own figure where it gives one."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited):
        return error.retry_after_seconds or MINUTE_SECONDS
    return BACKOFF(state)


def with_fresh_ids(completion: Completion, session: SessionState) -> Completion:
    """Renames calls whose id this session has seen: some servers count from zero each time.

    Characters that cannot be written, such as half of a surrogate pair, are replaced.
    """
    taken = {call.call_id for message in session.messages for call in message.tool_calls}
    parts: list[AnyPart] = []
    for part in completion.message.parts:
        if isinstance(part, ToolCall):
            call_id, copy = written(part.call_id), 2
            while call_id in taken:
                call_id, copy = f"{written(part.call_id)}-{copy}", copy + 1
            taken.add(call_id)
            clean = {"name": written(part.name), "arguments": written(part.arguments)}
            parts.append(part.model_copy(update={"call_id": call_id, **clean}))
        else:
            parts.append(part.model_copy(update={"text": written(part.text)}))
    message = Message(role=completion.message.role, parts=tuple(parts))
    return completion.model_copy(update={"message": message})


def written(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
