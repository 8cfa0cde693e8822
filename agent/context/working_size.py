"""How large a session's requests should be to get most done in a minute. Pure.

A limit on tokens a minute is shared by all turns, so a turn that carries half as much leaves room
for two. But whoever carries too little looks at things twice. With

    held    tokens that every request carries: what the session was opened with, tools, and the
            newest results, which are kept whole
    growth  tokens that a turn adds
    weight  what a token costs that the endpoint has seen before, where a new one costs 1
    reply   tokens that a reply is charged: its reservation where that is charged at admission

a session that grows by `room` tokens before old results are taken out goes room / growth turns
between two batches, and on average carries held + room / 2. Each batch costs LOOKS_AGAIN turns in
which the model looks again at what was taken out, and what stays behind it must be read anew by
the endpoint. So a useful turn costs

    weight * (held + room / 2) + reply + batch * growth / room
    batch = LOOKS_AGAIN * (weight * held + reply) + (1 - weight) * KEPT_TOKENS

which is least at

    room = sqrt(2 * batch * growth / weight)

and the size to aim at is held + room. Under 400,000 tokens a minute, with an opening of 5,000
tokens and 2,048 reserved, that is 40,000: 10 useful turns a minute, where the whole window of
131,072 gives 5. The limit itself cancels out: whatever it is, the cheapest turn is the most turns.

Where a minute lets more through than turns can use, because a reply takes its time, nothing is
gained by being that small, and only the price counts: it lets a request be a little larger.
"""

import math

from agent.context.ladder import KEPT_TOKENS
from agent.domain.limits import WINDOW_SECONDS
from agent.domain.profile import Profile

GROWTH_TOKENS = 3_500
"""What a turn adds: a file of 12,000 bytes read, an output, a change written."""
LOOKS_AGAIN = 9.0
"""Turns that a batch costs: it takes out some eight results, most are needed again, and one reply
finds out which."""
REPLY_TOKENS = 300
"""What a reply is charged where only use is."""
CACHED_WEIGHT = 0.1
"""Of a cached token's price or time, where neither a limit nor a price says more."""
LEAST_WEIGHT = 0.05
FIRST_TOKEN_SECONDS = 1.0
REPLY_SECONDS = 3.0
"""How long a turn takes at least, where the profile does not tell the speed."""
LARGER_FOR_PRICE = 1.08
"""How much larger a request may be where only its price counts: twice the size would save less than
a tenth of it, and a model that does not think reads a short request better, and sooner."""
LARGEST_SHARE = 0.9
"""Of what fits the window at all."""


def working_size(profile: Profile, opening_tokens: int, reserved_tokens: int) -> int:
    """The size in input tokens that a session should be kept at; never more than fits.

    `opening_tokens` is what each request begins with, tools included, `reserved_tokens` what is
    usually reserved for a reply.
    """
    held = opening_tokens + KEPT_TOKENS
    charged = reply_tokens(profile, reserved_tokens)
    paced = best_size(held, charged, 1.0 if profile.cached_tokens_count else CACHED_WEIGHT)
    free = tokens_in_a_turn(profile) - charged
    if free > paced:
        priced = best_size(held, charged, price_weight(profile))
        paced = max(paced, min(free, priced, LARGER_FOR_PRICE * paced))
    return max(1, int(min(paced, LARGEST_SHARE * (smallest_bound(profile) - reserved_tokens))))


def best_size(held: float, reply: float, weight: float) -> float:
    """`held + room` of the arithmetic above."""
    batch = LOOKS_AGAIN * (weight * held + reply) + (1 - weight) * KEPT_TOKENS
    return held + math.sqrt(2 * batch * GROWTH_TOKENS / weight)


def reply_tokens(profile: Profile, reserved_tokens: int) -> int:
    if profile.charge == "usage" or not has_token_limit(profile):
        return min(REPLY_TOKENS, reserved_tokens)
    return min(reserved_tokens, profile.reservation_cap_tokens or reserved_tokens)


def price_weight(profile: Profile) -> float:
    """A cached token's price by a new one's."""
    if not profile.input_usd or profile.cached_usd is None:
        return CACHED_WEIGHT
    return max(LEAST_WEIGHT, min(1.0, profile.cached_usd / profile.input_usd))


def held_weight(profile: Profile) -> float:
    """What a token costs that the endpoint has seen before, where a new one costs 1."""
    if not has_token_limit(profile):
        return price_weight(profile)
    return 1.0 if profile.cached_tokens_count else CACHED_WEIGHT


def has_token_limit(profile: Profile) -> bool:
    return any(limit.unit == "tokens" for limit in profile.limits)


def tokens_in_a_turn(profile: Profile) -> float:
    """What the limits let through in the time that a turn takes anyway; endless without any.

    A day's or an hour's limit counts as what it gives in a minute: each token of it is spent
    once, so there is no time in which it costs nothing.
    """
    rates = [
        limit.amount / WINDOW_SECONDS[limit.window]
        for limit in profile.limits
        if limit.unit == "tokens"
    ]
    if not rates:
        return math.inf
    speed = profile.tokens_per_second
    seconds = FIRST_TOKEN_SECONDS + REPLY_TOKENS / speed if speed else REPLY_SECONDS
    return min(rates) * seconds


def smallest_bound(profile: Profile) -> int:
    """The most that one request may be charged: the window, or a whole minute's limit."""
    windows = [limit.amount for limit in profile.limits if limit.unit == "tokens"]
    return min([profile.window_tokens, *windows])
