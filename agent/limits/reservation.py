"""How much output a request reserves, and what the endpoint charges for it; pure.

Where an endpoint charges at admission, the reservation is paid whether it is used or not:

    charge            = estimated input + min(reserved output, the endpoint's cap)
    requests a minute = tokens a minute / charge

Under 300,000 tokens a minute a prompt of 30,000 and a reservation of 16,384 gives 6.5 requests a
minute, with 2,048 it is 9.4. The mean reply of a tool turn is under 200 tokens, so LOOK_TOKENS
is enough for nearly all; a reply that is cut off costs its request once more and doubles the
reservation once, which pays as long as fewer than one in four is cut.
"""

from typing import Literal

from agent.domain.limits import Admission
from agent.domain.message import Spender
from agent.domain.profile import Profile

TurnKind = Literal["look", "write", "deliver"]
"""`look`: the reply is expected to be calls that read and run. `write`: it may hold a whole file.
`deliver`: it hands over the session's result, such as a plan."""
LOOK_TOKENS = 2_048
WRITE_TOKENS = 8_192
SMALLEST_TOKENS = 256


def reservation(
    profile: Profile, kind: TurnKind, estimated_tokens: int, *, cut_at_tokens: int | None = None
) -> int:
    """Output tokens to ask for.

    `cut_at_tokens` is what the reply before asked for when it was cut off by length: it is
    doubled, once. Never more than the profile's maximum, than what the window has room for, or,
    where tokens are charged at admission, than what the smallest limit leaves beside the input.
    At least SMALLEST_TOKENS: a request that has no room even for that is refused elsewhere.
    """
    wanted = profile.max_output_tokens
    if profile.charge == "admission" and profile.limits:
        wanted = min(wanted, {"look": LOOK_TOKENS, "write": WRITE_TOKENS}.get(kind, wanted))
    if cut_at_tokens is not None:
        wanted = max(wanted, min(2 * cut_at_tokens, profile.max_output_tokens))
    room = min(profile.window_tokens, smallest_limit(profile)) - estimated_tokens
    return max(SMALLEST_TOKENS, min(wanted, room))


def smallest_limit(profile: Profile) -> int:
    """The most tokens that one request may be charged; the window where nothing limits it."""
    if profile.charge != "admission":
        return profile.window_tokens
    amounts = [limit.amount for limit in profile.limits if limit.unit == "tokens"]
    return min(amounts, default=profile.window_tokens)


def charge(
    profile: Profile, estimated_tokens: int, reserved_tokens: int, expected_cached_tokens: int = 0
) -> int:
    """Tokens that count against the limits when a request is let in.

    Where only use is charged, input and reservation are booked until the use is known.
    """
    fresh = estimated_tokens - (0 if profile.cached_tokens_count else expected_cached_tokens)
    cap = profile.reservation_cap_tokens
    if profile.charge == "usage" or cap is None:
        return max(0, fresh) + reserved_tokens
    return max(0, fresh) + min(reserved_tokens, cap)


def admission_of(
    profile: Profile,
    *,
    account: str,
    run_id: str,
    role: Spender,
    subject: str,
    estimated_tokens: int,
    reserved_tokens: int,
    expected_cached_tokens: int = 0,
) -> Admission:
    """A request that asks to be let through, as the governor takes it.

    `expected_cached_tokens` is the part of the input that the endpoint has probably cached: the
    last request's input of the same session.
    """
    return Admission(
        account=account,
        model=profile.model,
        limits=profile.limits,
        run_id=run_id,
        role=role,
        subject=subject,
        estimated_tokens=estimated_tokens,
        reserved_tokens=reserved_tokens,
        charged_tokens=charge(profile, estimated_tokens, reserved_tokens, expected_cached_tokens),
        charge=profile.charge,
        reservation_cap_tokens=profile.reservation_cap_tokens,
        cached_tokens_count=profile.cached_tokens_count,
        profile=profile.name,
    )
