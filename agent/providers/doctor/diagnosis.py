"""What was seen beside what the profile says: one look for each line of the report."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.domain.finding import Finding
from agent.domain.profile import Profile
from agent.errors import ModelUnknown, ProviderError
from agent.providers.doctor import endpoint_looks as endpoint
from agent.providers.doctor import key_looks as keys
from agent.providers.doctor import reply_looks as reply
from agent.providers.doctor.checkup import SERVED_AFTERWARDS, Checkup, Look, finding_of
from agent.providers.doctor.seen import Seen
from agent.providers.mending import LEAST_OUTPUT_TOKENS, LEAST_WINDOW_TOKENS

OUTPUT_SHARE = 4
"""A window that the reservation fills leaves a quarter of itself to replies."""
LOOKS: tuple[Callable[[Seen], Look], ...] = (
    endpoint.look_at_models,
    endpoint.look_at_window,
    endpoint.look_at_request,
    reply.look_at_streaming,
    reply.look_at_tools,
    reply.look_at_usage,
    reply.look_at_limits,
    endpoint.look_at_overflow,
    reply.look_at_first_token,
    reply.look_at_speed,
    endpoint.look_at_clock,
)


def diagnose(seen: Seen) -> Checkup:
    """Everything that can be said; the order is that of the report."""
    looks = [endpoint.look_at_connection(seen), keys.look_at_key(seen)]
    looks += [*keys.looks_at_other_keys(seen), *(look(seen) for look in LOOKS)]
    findings = [finding for look in looks for finding in look.findings]
    if seen.blocked:
        findings.insert(0, finding_of(in_full(seen.blocked, seen), seen.profile, "error"))
    served = "" if seen.blocked else SERVED_AFTERWARDS
    findings += [finding_of(error, seen.profile, "info", served) for error in seen.troubles]
    changes = {name: value for look in looks for name, value in look.changes.items()}
    unique: dict[str, Finding] = {}
    for finding in findings:
        unique.setdefault(finding.id, finding)
    return Checkup(
        profile=seen.profile,
        aspects=tuple(look.aspect for look in looks),
        findings=tuple(unique.values()),
        changes=within_bounds(changes, seen.profile),
        blocked=seen.blocked,
        rehearsed=seen.rehearsed,
        mended=frozenset(f.id for look in looks if look.changes for f in look.findings),
    )


def in_full(error: ProviderError, seen: Seen) -> ProviderError:
    """The error, with what else was seen: a model may be listed and not served."""
    model, url = seen.profile.model, seen.profile.base_url
    if isinstance(error, ModelUnknown) and seen.models and model in seen.models.names:
        return ModelUnknown(
            f"{url} lists the model {model!r} and does not serve it; "
            "ask whether this account may use it, or name another"
        )
    return error


def within_bounds(changes: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """The changes as a profile takes them: no figure too small, the reservation in the window."""
    bounded = dict(changes)
    for name, least in (
        ("window_tokens", LEAST_WINDOW_TOKENS),
        ("max_output_tokens", LEAST_OUTPUT_TOKENS),
    ):
        if name in bounded:
            bounded[name] = max(bounded[name], least)
    window = bounded.get("window_tokens", profile.window_tokens)
    output = bounded.get("max_output_tokens", profile.max_output_tokens)
    if bounded and output >= window:
        bounded["max_output_tokens"] = max(window // OUTPUT_SHARE, LEAST_OUTPUT_TOKENS)
    return bounded
