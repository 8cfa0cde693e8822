"""Random streams of requests against endpoints that count by themselves: none is ever refused."""

from collections.abc import Callable

import pytest
from bench.governor import Endpoint, FixedMinute, TokenBucket, best, jobs, with_governor
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.limits import Limit

LIMIT = 150_000
ENDPOINTS: dict[str, tuple[str, Callable[[float], Endpoint]]] = {
    "fixed minute, reset told": ("fixed", lambda at: FixedMinute(LIMIT, at, tells_reset=True)),
    "fixed minute, reset unknown": ("fixed", lambda at: FixedMinute(LIMIT, at)),
    "bucket": ("bucket", lambda _: TokenBucket(LIMIT)),
    "bucket, taken for a fixed minute": ("fixed", lambda _: TokenBucket(LIMIT)),
}


@pytest.mark.parametrize("name", ENDPOINTS)
@given(
    seed=st.integers(0, 10_000),
    phase=st.integers(0, 59),
    error=st.sampled_from((0.0, 0.02, 0.3)),
    runs=st.integers(1, 3),
)
@settings(max_examples=10, deadline=None)
def test_no_request_is_refused(name: str, seed: int, phase: int, error: float, runs: int) -> None:
    refill, endpoint = ENDPOINTS[name]
    limit = Limit.model_validate(
        {"unit": "tokens", "window": "minute", "amount": LIMIT, "refill": refill}
    )
    works = [jobs(seed + run, 24 // runs, error=error) for run in range(runs)]
    tally = with_governor(endpoint(float(phase)), limit, *works)
    assert (tally.refused, tally.charged) == (0, sum(job.charge for work in works for job in work))


@pytest.mark.parametrize("name", ["fixed minute, reset told", "bucket"])
def test_a_job_of_sixty_requests_is_nearly_as_fast_as_possible(name: str) -> None:
    """As possible is a client that knows the endpoint's own count."""
    refill, endpoint = ENDPOINTS[name]
    limit = Limit.model_validate(
        {"unit": "tokens", "window": "minute", "amount": LIMIT, "refill": refill}
    )
    tally = with_governor(endpoint(0.0), limit, jobs(3))
    ideal = best(endpoint(0.0), jobs(3), begin=0.0)
    assert (tally.refused, tally.charged) == (0, ideal.charged)
    assert ideal.ended / tally.ended >= 0.92
