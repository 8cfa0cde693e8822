"""One attempt of one request: booked before it is sent, corrected when it is answered."""

from agent.domain.event import Throttled
from agent.domain.limits import Admission
from agent.domain.message import Completion, ModelRequest
from agent.domain.profile import Profile
from agent.domain.state import SessionState
from agent.engine.run_context import RunContext
from agent.errors import DayLimitReached, ProviderError, RateLimited


async def send(
    context: RunContext, session: SessionState, request: ModelRequest, estimated_tokens: int
) -> Completion:
    """Waits until the account's limits let the request through, and sends it once.

    Raises ProviderError; what was not served is taken off the books as far as the endpoint
    itself takes it off.
    """
    model = context.models[session.key.role]

    def on_wait(seconds: float, reason: str) -> None:
        context.tell(Throttled(session=session.key, seconds=seconds, reason=reason))

    admission = admission_of(context, session, request, estimated_tokens)
    booking = await context.governor.admit(admission, on_wait)
    try:
        completion = await model.client.complete(request, context.on_text)
    except ProviderError as error:
        full = isinstance(error, RateLimited | DayLimitReached)
        context.governor.fail(booking, error.wait_seconds or 0.0 if full else None)
        raise
    except BaseException:
        context.governor.fail(booking, None)
        raise
    context.governor.settle(booking, completion.usage, completion.readings)
    return completion


def admission_of(
    context: RunContext, session: SessionState, request: ModelRequest, estimated_tokens: int
) -> Admission:
    model = context.models[session.key.role]
    profile = model.profile
    return Admission(
        account=model.account,
        model=profile.model,
        limits=profile.limits,
        run_id=context.started.run_id,
        role=session.key.role,
        subject=session.key.subject,
        estimated_tokens=estimated_tokens,
        reserved_tokens=request.max_output_tokens,
        charged_tokens=estimated_tokens + counted_reservation(profile, request.max_output_tokens),
        charge=profile.charge,
        reservation_cap_tokens=profile.reservation_cap_tokens,
        cached_tokens_count=profile.cached_tokens_count,
        profile=profile.name,
    )


def counted_reservation(profile: Profile, reserved_tokens: int) -> int:
    """Output tokens that are booked beforehand.

    An endpoint that charges at admission books the reservation up to its cap; elsewhere the
    reservation is an upper bound that the real usage replaces.
    """
    cap = profile.reservation_cap_tokens
    return min(reserved_tokens, cap) if profile.charge == "admission" and cap else reserved_tokens
