"""The jobs: every fault alone, and seeded combinations of several."""

from dataclasses import replace
from random import Random

from agent.domain.message import ROLES, Role
from agent.domain.profile import Dialect
from agent.rehearsal.faults import FAULTS
from fault_jobs.rows import CUT, ROWS
from fault_jobs.stage import Job
from fault_jobs.work import Length

DIALECTS: dict[Dialect, tuple[str, ...]] = {
    "openai_chat": (
        *("openai", "cerebras", "cerebras-code-pro", "anthropic-compat", "fireworks", "openrouter"),
        *("groq", "together", "dashscope", "vllm", "llamacpp", "ollama", "lmstudio"),
    ),
    "openai_responses": ("openai-responses",),
    "anthropic_messages": ("anthropic",),
}
"""The ready profiles of each dialect; the first stands for it."""
MUTE = "empty-400"
WORDED = (
    *("rate-minute", "rate-day", "rate-queue", "error-500", "error-529"),
    *("key-refused", "no-credit", "model-gone", "error-chunk"),
)
"""Faults that are told in the provider's own words."""
SMALL_WINDOW_TOKENS = 12_000
"""Less than the profiles say, and enough for all short requests once that is known."""
SHARES = (0.15, 0.3, 0.6, 1.0)


def alone() -> list[Job]:
    """Every fault in every dialect that it can be played in; a request sent again is served."""
    return [
        longer
        for name in FAULTS
        for dialect, profiles in DIALECTS.items()
        if fits(name, dialect)
        for longer in lengths(Job(f"{name}:{dialect}", profiles[0], (name,)))
    ]


def worded() -> list[Job]:
    """Every refusal as each provider words it, beside those whose dialects stand above."""
    profiles = [name for names in DIALECTS.values() for name in names[1:]]
    return [Job(f"{name}:{each}", each, (name,)) for name in WORDED for each in profiles]


def lengths(job: Job) -> list[Job]:
    """The job, and with longer requests where the fault means another thing then."""
    longer: tuple[Length, ...] = ("middling", "long") if job.faults == (MUTE,) else ()
    return [job, *(replace(job, name=f"{job.name}:{each}", length=each) for each in longer)]


def fits(name: str, dialect: Dialect) -> bool:
    needs = FAULTS[name].needs
    other = "chat" in needs and dialect != "openai_chat"
    return not other and not ("text_arguments" in needs and dialect == "anthropic_messages")


def staying() -> list[Job]:
    """Every fault in one dialect, on every request that it fits, again and again.

    What loses replies stays once for all and once for the executor and the judge alone, who come
    to them in the middle of the work.
    """
    jobs = []
    for number, name in enumerate(FAULTS):
        dialects = [dialect for dialect in DIALECTS if fits(name, dialect)]
        profile = DIALECTS[dialects[number % len(dialects)]][0]
        roles: tuple[Role, ...] = ("executor", "judge") if FAULTS[name].costs else ()
        for job in lengths(Job(f"{name}:stays", profile, (name,), stays=True)):
            jobs += [job, *(replace(job, name=f"{job.name}:{role}", role=role) for role in roles)]
    return jobs


def combined(seed: int) -> Job:
    """Two to five faults, how often, where, and what stands by; all drawn from the seed."""
    chance = Random(seed)
    dialect = chance.choice(list(DIALECTS))
    spare = chance.choice(DIALECTS[chance.choice(list(DIALECTS))]) if chance.random() < 0.2 else ""
    # The spare's server does not know which turns were cut at the other, and its script runs ahead.
    known = [name for name in FAULTS if fits(name, dialect) and not (spare and ROWS[name] is CUT)]
    stays = chance.random() < 0.3
    length: Length = chance.choice(("short", "short", "middling", "long"))
    return Job(
        name=str(seed),
        profile=chance.choice(DIALECTS[dialect]),
        faults=tuple(chance.sample(known, chance.randint(2, 5))),
        share=chance.choice(SHARES),
        seed=seed,
        stays=stays,
        role=chance.choice(ROLES) if chance.random() < 0.4 else None,
        accounts=chance.choice((1, 1, 2)),
        spare=spare,
        length=length,
        window_tokens=SMALL_WINDOW_TOKENS if length == "short" and chance.random() < 0.2 else 0,
    )


def named(name: str) -> Job:
    """The job of a name that the table prints: a seed, or a fault and where.

    Raises KeyError when no job has that name.
    """
    if name.isdecimal():
        return combined(int(name))
    return {job.name: job for job in (*alone(), *worded(), *staying())}[name]
