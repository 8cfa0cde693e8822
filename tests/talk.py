"""A session over a fake model: what the tests of the engine's requests share."""

import json

from fakes import FakeClock, FakeGovernor, FakeModel

from agent.domain.event import RunStarted
from agent.domain.message import (
    Completion,
    Message,
    SessionKey,
    StopReason,
    TextPart,
    ToolCall,
    ToolSpec,
    Usage,
    text_message,
)
from agent.domain.profile import Profile
from agent.engine.run_context import Limits, Model, RunContext
from agent.errors import ProviderError
from agent.journal import Journal
from agent.limits.pool import Policy, Pool

KEY = SessionKey(role="executor", subject="T01")
OPENING = (text_message("system", "work"), text_message("user", "the task"))


def spec(name: str) -> ToolSpec:
    return ToolSpec(name=name, description="a tool", parameters={"type": "object"})


STARTED = RunStarted(
    run_id="r1",
    request="do it",
    plan_name="do-it",
    phases=("execute",),
    repository="/repo",
    base_commit="abcdef1",
    branch="gardener/do-it",
    worktree="/tree",
    models={"executor": "m"},
    rehearsal=False,
    version="0",
)


def call(name: str, arguments: object, call_id: str = "c1") -> ToolCall:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(call_id=call_id, name=name, arguments=text)


def reply(
    *calls: ToolCall, text: str = "", stop: StopReason = "tool_calls", tokens: int = 10
) -> Completion:
    return Completion(
        message=Message(role="assistant", parts=(TextPart(text=text), *calls)),
        stop_reason=stop,
        usage=Usage(input_tokens=100, output_tokens=tokens),
        model="m",
    )


def context_of(
    journal: Journal,
    *replies: Completion | ProviderError,
    window_tokens: int = 131_072,
    accounts: tuple[str, ...] = ("acct",),
    policy: Policy = "switch",
    limits: Limits | None = None,
) -> tuple[RunContext, FakeModel, FakeClock]:
    model, clock = FakeModel(replies), FakeClock()
    governor = FakeGovernor(clock)
    profile = Profile(name="p", base_url="http://x", model="m", window_tokens=window_tokens)
    context = RunContext(
        journal=journal,
        clock=clock,
        models={"executor": pooled(model, profile, *accounts, governor=governor, policy=policy)},
        governor=governor,
        workspace=None,  # type: ignore[arg-type]
        approver=None,  # type: ignore[arg-type]
        limits=limits or Limits(continuations=2),
    )
    return context, model, clock


def pooled(
    model: FakeModel,
    profile: Profile,
    *accounts: str,
    governor: FakeGovernor | None = None,
    policy: Policy = "switch",
) -> Model:
    names = accounts or ("acct",)
    pool = Pool(names, governor or FakeGovernor(), policy)
    return Model(profile, dict.fromkeys(names, model), pool)
