"""One request to a model, and the only retry loop."""

from datetime import datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from agent.domain.event import ModelRefused, ModelResponded
from agent.domain.limits import Admission
from agent.domain.message import AnyPart, Completion, Message, ModelRequest, ToolCall
from agent.domain.ports import Clock
from agent.domain.session import SessionState
from agent.engine.admission import admission_for, can_be_replaced, send
from agent.engine.run_context import Limits, RunContext
from agent.errors import (
    Action,
    AuthError,
    DayLimitReached,
    ProviderError,
    RateLimited,
    Unreachable,
)
from agent.limits.refusals import pause_seconds

UNREACHABLE_ATTEMPTS = 3
BACKOFF = wait_exponential(multiplier=1, max=30)
LONGEST_SLEEP_SECONDS = 25 * 3600.0
"""A day's limit is back after a day; what stays away for longer is no limit of the day."""
LOOK_SECONDS = 60.0


async def ask(
    context: RunContext, session: SessionState, request: ModelRequest, estimated_tokens: int
) -> Completion:
    """Sends a request until it is answered, and journals the reply.

    Every refusal is answered by its own action; the one that cannot be, and the last one, is
    raised as its ProviderError.
    """
    asked = admission_for(context, session, request, estimated_tokens)

    def wait(state: RetryCallState) -> float:
        seconds, error = pause(state, context, session, asked), error_of(state)
        model = context.models[session.key.role]
        told = ModelRefused(
            session=session.key,
            error=str(error),
            wait_seconds=seconds or 0.0,
            again=seconds is not None,
            was_sent=error.was_sent,
            is_replaced=seconds is None and can_be_replaced(model, error),
        )
        context.tell(told)
        return seconds or 0.0

    retrying = AsyncRetrying(
        sleep=lambda seconds: sleep_long(context.clock, seconds),
        wait=wait,
        stop=lambda state: pause(state, context, session, asked) is None,
        retry=retry_if_exception_type(ProviderError),
        reraise=True,
    )
    begun = context.clock.monotonic()
    try:
        completion: Completion = await retrying(send, context, session, request, asked)
    except ProviderError as error:
        tell_of_accounts_left(error, context.models[session.key.role].pool.left)
        raise
    context.models[session.key.role].measure(estimated_tokens, completion.usage.input_tokens)
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


def tell_of_accounts_left(error: ProviderError, reasons: tuple[str, ...]) -> None:
    """Adds to what ends a run why no other account went on with it, if one might have."""
    if isinstance(error, RateLimited | DayLimitReached | AuthError):
        others = [reason for reason in reasons if reason != str(error)]
        told = (str(error), *(f"another account is left out: {reason}" for reason in others))
        error.args = ("; ".join(told),)


def error_of(state: RetryCallState) -> ProviderError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, ProviderError)
    return error


def pause(
    state: RetryCallState, context: RunContext, session: SessionState, asked: Admission
) -> float | None:
    model = context.models[session.key.role]
    return next_try(
        error_of(state),
        context.limits,
        attempt=state.attempt_number,
        backoff_seconds=BACKOFF(state),
        accounts=len(model.pool.accounts),
        has_other=model.pool.has_other(asked),
        has_spare=model.spare is not None,
        now=context.clock.now(),
    )


def next_try(
    error: ProviderError,
    limits: Limits,
    *,
    attempt: int,
    backoff_seconds: float,
    accounts: int,
    has_other: bool,
    has_spare: bool,
    now: datetime,
) -> float | None:
    """Seconds until a refused request is sent again; None when it is not.

    `has_other` says whether another account may send within a minute, `has_spare` whether
    another model stands by, which is better than a night's sleep. What shrinks the request
    or leaves its account is done by others, and ends here when they could not.
    """
    if attempt >= attempts_for(error, limits, accounts):
        return None
    match error.action:
        case Action.WAIT:
            # The governor keeps the account closed so long, and another may go in its place.
            seconds = pause_seconds(error, now) or 0.0
            return 0.0 if has_other or seconds <= limits.max_wait_seconds else None
        case Action.CHECKPOINT:
            seconds = pause_seconds(error, now) or 0.0
            sleeps = limits.sleeps_over_day and not has_spare and seconds <= LONGEST_SLEEP_SECONDS
            return 0.0 if has_other else seconds if sleeps else None
        case Action.RESEND:
            told = error.wait_seconds or 0.0
            return max(backoff_seconds, told) if told <= limits.max_wait_seconds else None
        case _:
            return None


def attempts_for(error: ProviderError, limits: Limits, accounts: int) -> int:
    """Most times a request is sent: a wrong address does not become right, and every account of
    a pool may be found full once."""
    if isinstance(error, Unreachable):
        return min(UNREACHABLE_ATTEMPTS, limits.request_attempts)
    return limits.request_attempts + accounts - 1


async def sleep_long(clock: Clock, seconds: float) -> None:
    """Sleeps until the wall clock is so far, also when the machine was suspended meanwhile."""
    until = clock.now().timestamp() + seconds
    while (left := until - clock.now().timestamp()) > 0:
        await clock.sleep(min(left, LOOK_SECONDS))


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
