"""Fakes of the ports that several test modules share."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from agent.domain.limits import Admission
from agent.domain.message import Completion, ModelRequest, Usage
from agent.domain.profile import Profile
from agent.domain.readings import LimitReading
from agent.errors import ProviderError

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock:
    """Time that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class FakeGovernor:
    """Lets everything through once its pause is over; remembers what was booked and its end."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.closed: dict[str, float] = {}
        self.admitted: list[Admission] = []
        self.ended: list[tuple[int, str]] = []

    def wait_seconds(self, admission: Admission) -> float:
        return max(0.0, self.closed.get(admission.account, 0.0) - self.clock.seconds)

    async def admit(self, admission: Admission, on_wait: Callable[[float, str], None]) -> int:
        if seconds := self.wait_seconds(admission):
            on_wait(seconds, "the endpoint asked for a pause")
            await self.clock.sleep(seconds)
        self.admitted.append(admission)
        return len(self.admitted)

    def mark_rehearsed(self, booking: int) -> None:
        self.ended.append((booking, "rehearsed"))

    def settle(self, booking: int, usage: Usage, readings: tuple[LimitReading, ...]) -> None:
        self.ended.append((booking, f"used {usage.input_tokens}"))

    def fail(self, booking: int, wait_seconds: float | None) -> None:
        self.ended.append((booking, f"failed, wait {wait_seconds}"))
        account = self.admitted[booking - 1].account
        self.closed[account] = self.clock.seconds + (wait_seconds or 0.0)


class FakeModel:
    """Answers each request with the next reply, or raises it when it is an error."""

    def __init__(self, replies: Iterable[Completion | ProviderError]) -> None:
        self.replies = list(replies)
        self.requests: list[ModelRequest] = []
        self.profile: Profile | None = None

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, ProviderError):
            raise reply
        on_text(reply.message.text)
        return reply

    def use(self, profile: Profile) -> None:
        self.profile = profile
