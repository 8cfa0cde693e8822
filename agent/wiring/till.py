"""Books what a checkup asks for, in the ledger that runs share."""

from dataclasses import dataclass, field, replace
from typing import Final

from agent.context.tokens import message_tokens, spec_tokens
from agent.domain.limits import Admission
from agent.domain.message import Completion, ModelRequest, Usage
from agent.domain.ports import Clock, Governor
from agent.domain.profile import Profile
from agent.errors import (
    ConfigError,
    DayLimitReached,
    MalformedReply,
    ProviderError,
    RequestTooLarge,
)
from agent.limits.books import Books, BooksAway, Page
from agent.limits.refusals import refused_seconds
from agent.limits.reservation import admission_of
from agent.providers.doctor.probes import OnWait
from agent.providers.doctor.requests import OVERFLOW

DOCTOR: Final = "doctor"


def reopen(page: Page) -> None:
    """Forgets what refusals and headers said of an account; its bookings stay."""
    forgotten = {"blocked_until": 0.0, "learned": (), "corrections": ()}
    page.standing = page.standing.model_copy(update=forgotten)


@dataclass(frozen=True)
class AccountTill:
    """A Till over the governor."""

    governor: Governor
    books: Books
    clock: Clock
    account: str
    run_id: str
    """Under which name the ledger has the checkup."""
    reopened: set[str] = field(default_factory=set)
    """Models whose standing was forgotten, which happens once."""

    async def admit(self, profile: Profile, request: ModelRequest, on_wait: OnWait) -> int:
        """Also raises ConfigError when the books cannot be used."""
        estimated = sum(map(message_tokens, request.messages)) + spec_tokens(request.tools)
        admission = admission_of(
            profile,
            account=self.account,
            run_id=self.run_id,
            role=DOCTOR,
            subject=request.session.subject,
            estimated_tokens=estimated,
            reserved_tokens=request.max_output_tokens,
        )
        try:
            return await self._admitted(admission, on_wait)
        except DayLimitReached as error:
            # The endpoint itself was not asked.
            raise DayLimitReached(f"by the ledger {error}", error.wait_seconds) from None
        except BooksAway as error:
            again = str(error).replace("gardener resume", "gardener doctor")
            raise ConfigError(again) from None

    async def _admitted(self, admission: Admission, on_wait: OnWait) -> int:
        """A day that the ledger has as used up keeps only what is large from being sent.

        The plan may be another since, and only the endpoint knows: what it answers is booked.
        """
        try:
            return await self._admit(admission, on_wait)
        except DayLimitReached:
            if admission.subject == OVERFLOW:
                raise
        if admission.model not in self.reopened:
            self.reopened.add(admission.model)
            self.books.change(admission.account, admission.model, reopen)
        return await self._admit(replace(admission, limits=()), on_wait)

    async def _admit(self, admission: Admission, on_wait: OnWait) -> int:
        """A request larger than a whole limit takes the whole of it.

        What the endpoint says of such a one is worth knowing, and nobody else loses by it.
        """
        while True:
            try:
                return await self.governor.admit(admission, on_wait)
            except RequestTooLarge as error:
                whole = error.limit_tokens
                if whole is None or whole >= admission.charged_tokens:
                    raise
                admission = replace(admission, charged_tokens=whole)

    def served(self, booking: int, completion: Completion) -> None:
        if completion.rehearsed:
            self.governor.mark_rehearsed(booking)
        self.governor.settle(booking, completion.usage, completion.readings)

    def failed(self, booking: int, error: ProviderError | None, *, is_refused: bool) -> None:
        if error and error.rehearsed:
            self.governor.mark_rehearsed(booking)
        if isinstance(error, MalformedReply) and isinstance(error.usage, Usage):
            self.governor.settle(booking, error.usage, ())
            return
        seconds = refused_seconds(error, self.clock.now()) if error else None
        self.governor.fail(booking, 0.0 if seconds is None and is_refused else seconds)
