"""What the governor writes down, and the seam to where it is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from pydantic import ValidationError

from agent.domain.limits import Admission
from agent.domain.message import Spender
from agent.domain.readings import Unit, Window
from agent.domain.value import Value
from agent.errors import ConfigError, Outcome
from agent.limits.windows import GUARD_SECONDS

T = TypeVar("T")
Charging = Literal["admission", "usage"]
State = Literal["open", "settled", "failed"]
RECENT_RATIOS = 40
MINUTE = 60
MINUTE_END = MINUTE - GUARD_SECONDS - 1 / 16
"""Second at which what is summed by minutes is dated: late, yet with the guard still in its minute,
or the last minute of a day would count in the next day."""
REHEARSAL = "rehearsal"
"""The profile of scripted replies."""
KEPT_DAYS = 400
"""Bookings older than this are dropped when the books are opened."""


class BooksAway(ConfigError):
    """The books cannot be used just now, and may be a little later."""

    outcome = Outcome.UNFINISHED


@dataclass(frozen=True)
class Booking:
    """One request, from its admission to its end; instants in seconds since 1970, UTC."""

    account: str
    model: str
    profile: str
    run: str
    role: Spender
    subject: str
    booked_at: float
    counted_at: float
    """When the endpoint counted it: at admission, or when what was used became known."""
    estimated: int
    """Input tokens as the harness expected them."""
    reserved: int
    """Output tokens asked for."""
    reserve_counted: int
    """The part of `reserved` that the endpoint books at admission."""
    charged: int
    """What counts against token limits."""
    charging: Charging
    cached_counts: bool
    owner: str
    """Host and process."""
    waited: float
    """Seconds."""
    state: State = "open"
    input: int | None = None
    """None while, or where, the endpoint reported nothing."""
    output: int | None = None
    cached: int | None = None
    number: int = 0


@dataclass(frozen=True)
class Charge:
    """What one booking, or all of one slice of time, counts."""

    at: float
    tokens: int
    requests: int
    flow: str = ""
    """The run and role it belongs to; empty where several are summed."""


class Ticket(Value):
    """A place in the line of those who wait for one account and model."""

    name: str
    flow: str
    owner: str
    due: float
    """The line is ordered by this."""
    seen: float
    """When its owner last looked."""
    tokens: int


class Learned(Value):
    """A limit as the endpoint's own headers told it."""

    unit: Unit
    window: Window
    at: float
    amount: int | None = None
    turns_from: float | None = None
    turns_by: float | None = None
    """The window turns at some instant between these two."""


class Correction(Value):
    """Use that the endpoint counts and these books do not know: somebody else's."""

    unit: Unit
    window: Window
    at: float
    amount: int


class Standing(Value):
    """What is known of one account and model besides its bookings."""

    blocked_at: float = 0.0
    blocked_until: float = 0.0
    sliding_until: float = 0.0
    """Until then a declared bucket is not believed: it refused what should have fitted."""
    tickets: tuple[Ticket, ...] = ()
    learned: tuple[Learned, ...] = ()
    corrections: tuple[Correction, ...] = ()
    ratios: tuple[float, ...] = ()
    """Real input by estimated input, of the last replies."""


def standing_from(text: str | bytes) -> Standing:
    """What is known; nothing when that was not written by this version."""
    try:
        return Standing.model_validate_json(text)
    except ValidationError:
        return Standing()


class Page(Protocol):
    """The books of one account and model, inside one indivisible change."""

    standing: Standing
    """Replaced to change it."""

    def charges(self, since: float, now: float, *, by_minute: bool) -> tuple[Charge, ...]:
        """What counts since an instant, oldest first.

        Summed by the clock's minutes, each is dated at its end, and `since` is a whole minute. An
        open booking of an endpoint that charges by usage counts as of `now`.
        """
        ...

    def open_bookings(self) -> tuple[Booking, ...]: ...

    def dated_after(self, instant: float) -> tuple[Booking, ...]:
        """Those that count only after an instant."""
        ...

    def get(self, number: int) -> Booking | None: ...

    def add(self, booking: Booking) -> int:
        """Writes a new booking; returns its number."""
        ...

    def put(self, booking: Booking) -> None:
        """Replaces the booking of the same number."""
        ...


class Books(Protocol):
    """Shared by everything that spends the same accounts. A method raises ConfigError, in one
    sentence, when the books cannot be read or written, BooksAway where that may pass."""

    def now(self, own: float) -> float:
        """The instant by which these books go, where one's own clock says `own`."""
        ...

    def change(self, account: str, model: str, work: Callable[[Page], T]) -> T:
        """Does `work` as one indivisible change; nothing is kept when it raises.

        `work` may be done more than once, so it does nothing but read and write its page.
        """
        ...

    def soon(self, account: str, model: str, work: Callable[[Page], None]) -> None:
        """Does `work` now, or where that is not possible before the next change, at the latest
        when the books are closed. Raises nothing when the books cannot be used."""
        ...

    def find(self, number: int) -> Booking | None: ...

    def bookings(self, since: float = 0.0, run: str = "") -> Iterator[Booking]:
        """Every booking in order, at or after an instant, of runs whose name begins so."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Owner:
    """Who holds a booking or a ticket."""

    name: str
    is_dead: Callable[[str], bool] = field(repr=False)
    """True when an owner of that name surely does not live any more."""


def counts(booking: Booking) -> bool:
    """Whether it counts at `counted_at`: what is charged by usage does not before it ended."""
    return booking.state != "open" or booking.charging == "admission"


def minute_of(booking: Booking) -> int:
    """The minute in whose sum it counts: what was booked right before a minute's end may arrive
    in the next one."""
    return int((booking.counted_at + GUARD_SECONDS) // MINUTE)


def booking_of(
    admission: Admission, *, charged: int, at: float, owner: str, waited: float
) -> Booking:
    cap = admission.reservation_cap_tokens
    reserved = admission.reserved_tokens
    return Booking(
        account=admission.account,
        model=admission.model,
        profile=admission.profile,
        run=admission.run_id,
        role=admission.role,
        subject=admission.subject,
        booked_at=at,
        counted_at=at,
        estimated=admission.estimated_tokens,
        reserved=reserved,
        reserve_counted=reserved if cap is None else min(reserved, cap),
        charged=charged,
        charging=admission.charge,
        cached_counts=admission.cached_tokens_count,
        owner=owner,
        waited=waited,
    )
