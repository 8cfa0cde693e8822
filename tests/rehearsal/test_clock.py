import threading

import pytest

from agent.rehearsal.clock import RealTime, ServerStopped, VirtualTime


def test_virtual_time_moves_by_hand_and_to_what_is_waited_for() -> None:
    time = VirtualTime(100.0)
    time.advance(5)
    time.wait_until(110.0)
    time.wait_until(90.0)
    assert (time.now(), time.told(3.0)) == (110.0, 3.0)


def test_a_silence_of_virtual_time_ends_when_the_client_leaves() -> None:
    looks = iter([False, False, True])
    with pytest.raises(ServerStopped):
        VirtualTime().keep_silent(5.0, lambda: next(looks))
    assert list(looks) == []


def test_scaled_time_tells_waits_as_clients_live_them() -> None:
    assert RealTime(60).told(60.0) == 1.0
    assert RealTime(60, tell_real=False).told(60.0) == 60.0


def test_scaled_time_is_soon_where_real_time_is_late() -> None:
    time = RealTime(100_000)
    hour = time.now() + 3_600
    time.wait_until(hour)
    assert time.now() >= hour


@pytest.mark.parametrize("wait", ["pace", "silence"])
def test_who_waits_is_woken_when_the_server_stops(wait: str) -> None:
    time, ended = RealTime(), threading.Event()

    def waiting() -> None:
        try:
            if wait == "pace":
                time.wait_until(time.now() + 3_600)
            else:
                time.keep_silent(3_600, lambda: False)
        except ServerStopped:
            ended.set()

    thread = threading.Thread(target=waiting)
    thread.start()
    time.stop()
    assert ended.wait(20)
    thread.join(20)
