"""Says what is true of an endpoint, and what to change in its profile: pure, over what was seen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from agent.domain.finding import Finding, Severity, finding_id
from agent.domain.profile import Profile
from agent.errors import (
    AuthError,
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    NoCredit,
    Outcome,
    ProviderError,
    RateLimited,
    RequestTooLarge,
    SchemaRejected,
    Unavailable,
    Unreachable,
)
from agent.providers.doctor.seen import Seen
from agent.providers.redaction import redact

SKEW_SECONDS = 5.0
LEARNED_FIELDS = (
    "max_output_field",
    "omit_fields",
    "sampling",
    "strict_tools",
    "replay_reasoning",
    "max_output_tokens",
)
"""What refusals can teach; the window has a check of its own."""
RULES: tuple[tuple[type[ProviderError], str], ...] = (
    (Unreachable, "reachable"),
    (NoCredit, "credit"),
    (AuthError, "key"),
    (ModelUnknown, "model"),
    (RateLimited, "limits"),
    (DayLimitReached, "limits"),
    (RequestTooLarge, "limits"),
    (ContextOverflow, "window"),
    (SchemaRejected, "fields"),
    (MalformedReply, "dialect"),
    (Unavailable, "served"),
    (ProviderError, "served"),
)
"""The rule that an error of the endpoint breaks; the first that fits."""
OWN_WORDS = (("gardener resume", "gardener doctor"), ("OPENAI_BASE_URL", "its address"))
"""What a run's advice is in a checkup."""
SERVED_AFTERWARDS = "Nothing is to be done: the next try was served, as a run's would be."


@dataclass(frozen=True)
class Aspect:
    """One thing that is true of the endpoint, or could not be known."""

    name: str
    said: str
    fine: bool | None
    """None when it is not known, or neither good nor bad."""


@dataclass(frozen=True)
class Look:
    """What one look brings."""

    aspect: Aspect
    findings: tuple[Finding, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the profile with what they should be, as plain values."""


@dataclass(frozen=True)
class Checkup:
    """Everything the doctor says of one endpoint."""

    profile: Profile
    aspects: tuple[Aspect, ...]
    findings: tuple[Finding, ...]
    changes: Mapping[str, Any]
    blocked: ProviderError | None = None
    """What kept the checkup from going on."""
    mended: frozenset[str] = frozenset()
    """Ids of the findings that the changes settle."""
    rehearsed: bool = False
    """Whether all of this is said of a rehearsal."""

    @property
    def outcome(self) -> Outcome:
        """`done` when the endpoint is as its profile says; information alone leaves it so."""
        if self.blocked:
            told = self.blocked.outcome
            return Outcome.FINDINGS if told is Outcome.UNFINISHED else told
        serious = [finding for finding in self.findings if finding.severity != "info"]
        return Outcome.FINDINGS if serious or self.changes else Outcome.DONE


def known(name: str, said: str) -> Look:
    return Look(Aspect(name, said, True))


def unknown(name: str, said: str = "not tried") -> Look:
    return Look(Aspect(name, said, None))


def deviation(
    seen: Seen,
    aspect: str,
    said: str,
    *,
    severity: Severity = "error",
    message: str,
    remedy: str,
    evidence: str = "",
    changes: Mapping[str, Any] | None = None,
) -> Look:
    """A look that shows something else than the profile says."""
    rule = "doctor-" + re.sub(r" \d+$", "", aspect).replace(" ", "-")
    finding = Finding(
        id=finding_id(rule, seen.profile.name, aspect),
        rule=rule,
        severity=severity,
        message=as_sentence(message),
        evidence=evidence,
        remedy=as_sentence(remedy),
    )
    fine = None if severity == "info" else False
    return Look(Aspect(aspect, said, fine), (finding,), changes or {})


def what_happened(error: ProviderError) -> str:
    """Of the sentence that tells what happened and what to do, what happened."""
    return str(error).rpartition("; ")[0] or str(error)


def rule_of(error: ProviderError) -> str:
    return next(rule for kind, rule in RULES if isinstance(error, kind))


def finding_of(
    error: ProviderError, profile: Profile, severity: Severity, remedy: str = "", place: str = ""
) -> Finding:
    """An error of the endpoint as a finding; its sentence already ends in what to do.

    `place` tells apart findings of the same kind, such as those of several keys.
    """
    message, _, advice = str(error).rpartition("; ")
    if not message:
        message, advice = advice, ""
    for of_a_run, own in OWN_WORDS:
        advice = advice.replace(of_a_run, own)
    rule = f"doctor-{rule_of(error)}"
    return Finding(
        id=finding_id(rule, profile.name, place + type(error).__name__),
        rule=rule,
        severity=severity,
        message=as_sentence(message),
        remedy=remedy or as_sentence(advice),
    )


def redacted(checkup: Checkup, *keys: str) -> Checkup:
    """The checkup without the keys, wherever an endpoint has repeated them."""
    known = (checkup.profile.base_url, checkup.profile.model)

    def hidden(text: str) -> str:
        return reduce(lambda shown, key: redact(shown, key, *known), keys, text)

    def clean(finding: Finding) -> Finding:
        told = {name: getattr(finding, name) for name in ("message", "evidence", "remedy")}
        return finding.model_copy(update={name: hidden(text) for name, text in told.items()})

    return replace(
        checkup,
        aspects=tuple(replace(each, said=hidden(each.said)) for each in checkup.aspects),
        findings=tuple(clean(finding) for finding in checkup.findings),
    )


def as_sentence(text: str) -> str:
    """With a capital and a full stop; an address or a name at its beginning stays as it is."""
    if not text:
        return ""
    begins_with_word = re.match(r"[a-z]+(?![\w:/.])", text) is not None
    first = text[:1].upper() if begins_with_word else text[:1]
    return f"{first}{text[1:].rstrip('.')}."
