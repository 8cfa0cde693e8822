"""What a refusal teaches of an endpoint: the profile as it should have been. Pure."""

from functools import reduce

from agent.domain.profile import Profile
from agent.errors import ContextOverflow, ProviderError, RequestTooLarge, SchemaRejected

LEAST_OUTPUT_TOKENS = 256
LEAST_WINDOW_TOKENS = 1_024
REASONING = frozenset({"reasoning", "reasoning_content", "reasoning_details", "thinking"})


def mended(profile: Profile, error: ProviderError) -> Profile | None:
    """The profile with which the request may be sent once more; None when the error teaches none.

    A profile that has learned a thing does not learn it twice, so whoever resends only with a
    changed profile ends after as many tries as there are things to learn.
    """
    match error:
        case SchemaRejected(fields=fields):
            better = reduce(without_field, fields, profile)
            return None if better == profile else better
        case RequestTooLarge(of_output=True, limit_tokens=int() as cap):
            least = max(cap, LEAST_OUTPUT_TOKENS)
            changed = {"max_output_tokens": min(least, profile.max_output_tokens)}
        case ContextOverflow(window_tokens=int() as window):
            least = max(window, LEAST_WINDOW_TOKENS)
            changed = {"window_tokens": min(least, profile.window_tokens)}
        case _:
            return None
    better = profile.model_copy(update=changed)
    return None if better == profile else better


def without_field(profile: Profile, field: str) -> Profile:
    """The profile by which a field is sent no more."""
    return profile.model_copy(update=left_out(profile, field))


def left_out(profile: Profile, field: str) -> dict[str, object]:
    if field == profile.max_output_field:
        other = "max_tokens" if field == "max_completion_tokens" else "max_completion_tokens"
        return {} if other in profile.omit_fields else other_field(profile, other)
    if field == "strict":
        return {"strict_tools": "omit"}
    if field in REASONING and profile.dialect == "openai_chat" and field not in profile.extra_body:
        return {"replay_reasoning": False}
    kept = {name: value for name, value in profile.sampling.items() if name != field}
    omitted = tuple(dict.fromkeys((*profile.omit_fields, field)))
    return {"sampling": kept, "omit_fields": omitted}


def other_field(profile: Profile, other: str) -> dict[str, object]:
    """The other of the two names; the refused one is remembered, so they are not tried in turn."""
    refused = (*profile.omit_fields, profile.max_output_field)
    return {"max_output_field": other, "omit_fields": tuple(dict.fromkeys(refused))}
