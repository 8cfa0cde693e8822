"""What was seen beside what the profile says: one look for each line of the report."""

from collections.abc import Callable

from agent.domain.finding import Finding
from agent.providers.doctor import endpoint_looks as endpoint
from agent.providers.doctor import reply_looks as reply
from agent.providers.doctor.checkup import (
    Checkup,
    Look,
    finding_of,
)
from agent.providers.doctor.seen import Seen

LOOKS: tuple[Callable[[Seen], Look], ...] = (
    endpoint.look_at_connection,
    endpoint.look_at_key,
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
    looks = [look(seen) for look in LOOKS]
    findings = [finding for look in looks for finding in look.findings]
    if seen.blocked:
        findings.insert(0, finding_of(seen.blocked, seen.profile, "error"))
    findings += [finding_of(error, seen.profile, "info") for error in seen.troubles]
    changes = {name: value for look in looks for name, value in look.changes.items()}
    unique: dict[str, Finding] = {}
    for finding in findings:
        unique.setdefault(finding.id, finding)
    return Checkup(
        profile=seen.profile,
        aspects=tuple(look.aspect for look in looks),
        findings=tuple(unique.values()),
        changes=changes,
        blocked=seen.blocked,
        mended=frozenset(f.id for look in looks if look.changes for f in look.findings),
    )
