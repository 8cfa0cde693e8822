"""No request is larger than the window, however wrong the estimate of its tokens is."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeClock, FakeModel
from talk import KEY, OPENING, STARTED, call, context_of, reply, spec

from agent.context.tokens import message_tokens, spec_tokens
from agent.domain.message import Completion, ModelRequest, Usage
from agent.domain.ports import ToolKind, ToolOutput
from agent.engine.session import open_session, take_turn
from agent.journal import Journal

pytestmark = pytest.mark.anyio
WINDOW = 32_768
TURNS = 60


class Looker:
    """Answers each call with a long text of random size."""

    def __init__(self, dice: random.Random) -> None:
        self.kind: ToolKind = "read"
        self.spec = spec("look")
        self.dice = dice

    async def call(self, arguments: dict[str, object]) -> ToolOutput:
        words = self.dice.randint(10, 1_500)
        return ToolOutput("\n".join(f"line {n} of {arguments['at']}" for n in range(words // 6)))


class OtherVocabulary(FakeModel):
    """Counts each message `wrong` times as long as it is estimated, about.

    What it reports is `told` times what it counts.
    """

    def __init__(self, wrong: Callable[[], float], told: Callable[[], float] = lambda: 1.0) -> None:
        super().__init__([])
        self.wrong = wrong
        self.told = told
        self.factors: list[float] = []
        self.sizes: list[int] = []

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        while len(self.factors) < len(request.messages):
            self.factors.append(self.wrong())
        real = self.wrong() * spec_tokens(request.tools) + sum(
            factor * message_tokens(message)
            for factor, message in zip(self.factors, request.messages, strict=False)
        )
        self.sizes.append(round(real) + request.max_output_tokens)
        made = reply(call("look", {"at": len(self.sizes)}, f"c{len(self.sizes)}"))
        told = round(real * self.told())
        return made.model_copy(update={"usage": Usage(input_tokens=told, output_tokens=20)})


async def talk(journal: Journal, model: OtherVocabulary, dice: random.Random) -> None:
    context, _, _ = context_of(journal, window_tokens=WINDOW)
    context.models["executor"].clients = {"acct": model}
    session = open_session(context, KEY, OPENING)
    for _ in range(TURNS):
        await take_turn(context, session, {"look": Looker(dice)})


@pytest.mark.parametrize("seed", range(6))
async def test_estimates_that_are_a_third_wrong_keep_every_request_in_the_window(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    model = OtherVocabulary(lambda: dice.uniform(0.7, 1 / 0.7))
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        await talk(journal, model, dice)
    assert len(model.sizes) == TURNS
    assert max(model.sizes) <= WINDOW


@pytest.mark.parametrize("wrong", [0.3, 0.7, 1 / 0.7, 2.5])
async def test_a_vocabulary_that_is_wrong_all_the_time_is_measured(
    tmp_path: Path, wrong: float
) -> None:
    dice = random.Random(1)
    model = OtherVocabulary(lambda: wrong)
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        await talk(journal, model, dice)
    assert max(model.sizes) <= WINDOW
    assert max(model.sizes) > WINDOW / 3


@pytest.mark.parametrize("told", [0.7, 1.0, 1 / 0.7])
async def test_an_endpoint_that_reports_a_third_too_little_or_too_much_is_not_trusted(
    tmp_path: Path, told: float
) -> None:
    model = OtherVocabulary(lambda: 1.0, lambda: told)
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        await talk(journal, model, random.Random(1))
    assert len(model.sizes) == TURNS
    assert WINDOW / 3 < max(model.sizes) <= WINDOW


@pytest.mark.parametrize("seed", range(4))
async def test_reports_that_are_a_third_wrong_at_random_keep_every_request_in_the_window(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    model = OtherVocabulary(lambda: 1.0, lambda: dice.uniform(0.7, 1 / 0.7))
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        await talk(journal, model, dice)
    assert max(model.sizes) <= WINDOW


@pytest.mark.parametrize("told", [0.0, 0.001, 1_000.0])
async def test_reports_that_mean_nothing_are_passed_over(tmp_path: Path, told: float) -> None:
    model = OtherVocabulary(lambda: 1.0, lambda: told)
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        await talk(journal, model, random.Random(1))
    assert len(model.sizes) == TURNS
    assert WINDOW / 4 < max(model.sizes) <= WINDOW


async def test_the_window_is_used_once_the_estimate_has_proved_right(tmp_path: Path) -> None:
    model = OtherVocabulary(lambda: 1.0)
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        await talk(journal, model, random.Random(1))
    assert WINDOW * 0.8 < max(model.sizes) <= WINDOW
