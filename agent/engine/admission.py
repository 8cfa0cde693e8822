"""One request, from an account that can send it: booked before, corrected when it is answered."""

from agent.domain.event import ModelRefused, ModelReplaced, ProfileMended, Throttled, Warned
from agent.domain.limits import Admission
from agent.domain.message import Completion, ModelRequest, Role, Usage
from agent.domain.session import SessionState
from agent.engine.run_context import Model, RunContext
from agent.errors import Action, AuthError, MalformedReply, ProviderError, SchemaRejected
from agent.limits.refusals import refused_seconds
from agent.limits.reservation import admission_of


def admission_for(
    context: RunContext, session: SessionState, request: ModelRequest, estimated_tokens: int
) -> Admission:
    """What the request asks the governor for; the account is chosen when it is sent."""
    return admission_of(
        context.models[session.key.role].profile,
        account="",
        run_id=context.started.run_id,
        role=session.key.role,
        subject=session.key.subject,
        estimated_tokens=estimated_tokens,
        reserved_tokens=request.max_output_tokens,
        expected_cached_tokens=session.last_usage.input_tokens if session.last_usage else 0,
    )


async def send(
    context: RunContext, session: SessionState, request: ModelRequest, asked: Admission
) -> Completion:
    """Sends a request as long as a refusal teaches how it could be served at once.

    An account whose key or credit fails is used no more, a field that the endpoint refuses is
    left out from here on; each happens once. Raises ProviderError.
    """
    model = context.models[session.key.role]
    while True:
        admission = model.pool.choose(asked)
        try:
            return await attempt(context, session, request, admission)
        except ProviderError as error:
            if changes := model.learn(error):
                context.tell(
                    ProfileMended(
                        role=session.key.role,
                        profile=model.profile.name,
                        changes=changes,
                        reason=str(error),
                    )
                )
                if isinstance(error, SchemaRejected):
                    continue
            useless = isinstance(error, AuthError) or error.action == Action.SWITCH
            if not (useless and model.pool.drop(admission.account, str(error))):
                raise
            context.tell(
                ModelRefused(session=session.key, error=str(error), wait_seconds=0.0, again=True)
            )


def can_be_replaced(model: Model, error: ProviderError) -> bool:
    """Not without a spare, nor for what a person has to mend: a wrong key, model or request."""
    return model.spare is not None and error.action not in (Action.STOP, Action.SHRINK)


def replaced(context: RunContext, role: Role, error: ProviderError) -> bool:
    """Lets the role go on with its spare model when the present one cannot serve any more."""
    model = context.models[role]
    if model.spare is None or not can_be_replaced(model, error):
        return False
    model.spare.stronger = model.stronger
    context.models[role] = model.spare
    name, profile = model.spare.profile.model, model.spare.profile.name
    context.tell(ModelReplaced(role=role, profile=profile, model=name, reason=str(error)))
    return True


async def attempt(
    context: RunContext, session: SessionState, request: ModelRequest, admission: Admission
) -> Completion:
    """Waits until the account's limits let the request through, and sends it.

    Raises ProviderError; what was not served is taken off the books as far as the endpoint
    itself takes it off, and what was useless is booked with what it cost.
    """

    def on_wait(seconds: float, reason: str) -> None:
        context.tell(Throttled(session=session.key, seconds=seconds, reason=reason))

    try:
        booking = await context.governor.admit(admission, on_wait)
    except ProviderError as error:
        error.was_sent = False
        raise
    client = context.models[session.key.role].clients[admission.account]
    try:
        completion = await client.complete(request, context.on_text)
    except ProviderError as error:
        if error.rehearsed:
            context.governor.mark_rehearsed(booking)
        if isinstance(error, MalformedReply) and isinstance(error.usage, Usage):
            context.governor.settle(booking, error.usage, ())
        else:
            context.governor.fail(booking, refused_seconds(error, context.clock.now()))
        raise
    except BaseException:
        context.governor.fail(booking, None)
        raise
    if completion.rehearsed:
        context.governor.mark_rehearsed(booking)
    context.governor.settle(booking, completion.usage, completion.readings)
    if completion.rehearsed:
        tell_of_rehearsal(context, session.key.role)
    return completion


def tell_of_rehearsal(context: RunContext, role: Role) -> None:
    """Warns once of replies that look like a model's."""
    if not context.state.rehearsed:
        url = context.models[role].profile.base_url
        context.tell(Warned(message=f"{url} is a rehearsal: replies are scripted"))
