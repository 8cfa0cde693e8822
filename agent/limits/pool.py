"""Several accounts of one profile: which one sends the next request."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal
from urllib.parse import urlsplit

from agent.domain.limits import Admission
from agent.domain.message import Spender
from agent.domain.ports import Governor
from agent.errors import AuthError
from agent.limits.admission import LONGEST_WAIT_SECONDS

Policy = Literal["switch", "wait", "stop"]
"""`switch`: another account sends when the usual one would have to wait. `wait`: the usual one is
waited for, and left only when that would take too long. `stop`: it is never left."""
PATIENCE_SECONDS = 3.0
"""A shorter wait is cheaper than the cached prompt that another account does not have."""


@dataclass
class Pool:
    """Keeps each role on its account, for the cache, and chooses another by policy."""

    accounts: Sequence[str]
    """In the order they are preferred."""
    governor: Governor
    policy: Policy = "switch"
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    _homes: dict[Spender, str] = field(default_factory=dict)
    _left: dict[str, str] = field(default_factory=dict)

    def choose(self, admission: Admission) -> Admission:
        """The admission with the account that sends it.

        Raises AuthError when every account was dropped.
        """
        usable = [account for account in self.accounts if account not in self._left]
        if not usable:
            reason = next(iter(self._left.values()), "the profile names no account")
            raise AuthError(reason)
        home = self._homes.get(admission.role, usable[0])
        if home not in usable:
            home = usable[0]
        chosen = home
        if self.policy != "stop" and len(usable) > 1:
            patience = PATIENCE_SECONDS if self.policy == "switch" else self.longest_wait_seconds
            if self._wait(admission, home) > patience:
                # The first of those that admit soonest, so that all roles do not scatter.
                chosen = min(usable, key=lambda account: self._wait(admission, account))
        self._homes[admission.role] = chosen
        return replace(admission, account=chosen)

    def has_other(self, admission: Admission) -> bool:
        """Whether another account than the role's present one may send before one gives up: what
        to ask when the endpoint says that this one is full."""
        if self.policy == "stop":
            return False
        home = self._homes.get(admission.role)
        others = (each for each in self.accounts if each not in self._left and each != home)
        return any(self._wait(admission, each) <= self.longest_wait_seconds for each in others)

    def drop(self, account: str, reason: str) -> bool:
        """Uses an account no more, because its key or its credit failed; `reason` is the sentence
        for the user. False when none is left, or the policy leaves none."""
        if self.policy == "stop":
            return False
        self._left[account] = reason
        return len(self._left) < len(self.accounts)

    @property
    def left(self) -> tuple[str, ...]:
        """Why accounts were dropped: a sentence of each."""
        return tuple(self._left.values())

    def _wait(self, admission: Admission, account: str) -> float:
        return self.governor.wait_seconds(replace(admission, account=account))


def account_name(base_url: str, key: str) -> str:
    """Names whose limits count: the endpoint, and a mark that tells keys apart, not the key.

    Two keys of one organization share its limits, which cannot be seen here; then each is booked
    by itself, and only the endpoint's own figures bring the two together.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or base_url
    place = f"{host}:{parts.port}" if parts.port else host
    return f"{place}#{sha256(key.encode()).hexdigest()[:6]}" if key else place
