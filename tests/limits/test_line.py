"""Who goes first."""

from agent.domain.limits import Limit
from agent.limits.books import Charge, Owner, Ticket
from agent.limits.line import ahead_of, handicap, waiting, with_ticket, without
from agent.limits.windows import Gauge

NOBODY_DIES = Owner("here:1", lambda _: False)
TOKENS = Gauge(Limit(unit="tokens", window="minute", amount=300), (), since=0.0)
REQUESTS = Gauge(Limit(unit="requests", window="minute", amount=4), (), since=0.0)
DAY = Gauge(Limit(unit="tokens", window="day", amount=300), (), since=0.0)


def ticket(name: str, due: float, seen: float = 0.0, owner: str = "here:1") -> Ticket:
    return Ticket(name=name, flow="run/executor", owner=owner, due=due, seen=seen, tokens=1)


def test_who_used_much_stands_further_behind() -> None:
    used = (
        Charge(0.0, 100, 1, "mine"),
        Charge(1.0, 100, 1, "mine"),
        Charge(2.0, 100, 1, "other"),
    )
    assert [handicap(flow, (TOKENS, DAY), used) for flow in ("mine", "other", "new")] == [40, 20, 0]
    assert handicap("mine", (TOKENS, REQUESTS), used[:1]) == 20
    assert handicap("mine", (REQUESTS,), used * 9) == 60
    assert handicap("mine", (), used) == 0


def test_the_line_is_ordered_by_when_one_is_due() -> None:
    line = waiting((ticket("b", 5.0), ticket("a", 9.0), ticket("c", 1.0)), NOBODY_DIES, 0.0)
    assert [each.name for each in line] == ["c", "b", "a"]
    assert [each.name for each in ahead_of(ticket("new", 6.0), line)] == ["c", "b"]


def test_who_does_not_look_any_more_has_left() -> None:
    line = (ticket("here", 1.0, seen=80.0), ticket("gone", 0.0, seen=69.0))
    assert waiting(line, NOBODY_DIES, 100.0) == line[:1]


def test_who_is_dead_has_left() -> None:
    owner = Owner("here:1", lambda name: name == "here:2")
    line = (ticket("a", 1.0), ticket("b", 0.0, owner="here:2"))
    assert waiting(line, owner, 0.0) == line[:1]


def test_a_ticket_is_replaced_by_its_name() -> None:
    line = (ticket("a", 1.0), ticket("b", 2.0))
    assert with_ticket(ticket("a", 3.0), line) == (ticket("b", 2.0), ticket("a", 3.0))
    assert without("a", line) == (ticket("b", 2.0),)
