"""Under what conditions a rehearsal is played: the endpoint that it stands for."""

from dataclasses import dataclass

from agent.domain.limits import Limit
from agent.domain.profile import Dialect, Profile
from agent.rehearsal.faults import NO_FAULTS, FaultPlan
from agent.rehearsal.flavours import OPENAI, REHEARSAL, Flavour
from agent.rehearsal.flavours_more import ANTHROPIC, flavour_of
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.token_count import CHARACTERS_PER_TOKEN

MODEL = "rehearsal"
WINDOW_TOKENS = 131_072
DEFAULT_OUTPUT_TOKENS = 4_096
AT_USE = Charging()


@dataclass(frozen=True)
class Conditions:
    """Without any: no limits, no faults, no delay."""

    flavour: Flavour = REHEARSAL
    models: tuple[str, ...] = ()
    """What is served besides names that begin with `rehearsal`."""
    any_model: bool = False
    window_tokens: int = WINDOW_TOKENS
    """Input and output together."""
    characters_per_token: float = CHARACTERS_PER_TOKEN
    """How input is counted."""
    limits: tuple[Limit, ...] = ()
    charging: Charging = AT_USE
    faults: FaultPlan = NO_FAULTS
    tokens_per_second: float = 0.0
    """0: at once."""
    first_token_seconds: float = 0.0
    keeps_reservation: bool = False
    """Whether a reply that is longer than the request reserves is cut there."""

    def serves(self, model: str) -> bool:
        return self.any_model or model in self.models or model.startswith(MODEL)


def flavour_in(flavour: Flavour, dialect: Dialect) -> Flavour:
    """The Messages dialect has one provider's manners, and no other dialect has them."""
    if dialect == "anthropic_messages":
        return ANTHROPIC
    return OPENAI if flavour.form == "anthropic" else flavour


def conditions_of(profile: Profile, like: str = "") -> Conditions:
    """The endpoint behind a profile, as far as the profile describes it.

    `like`: the profile whose manners it has, where that is another.
    """
    return Conditions(
        flavour=flavour_of(like or profile.name),
        models=(profile.model,) if profile.model else (),
        any_model=not profile.model,
        window_tokens=profile.window_tokens,
        limits=profile.limits,
        charging=Charging(
            mode=profile.charge,
            cap_tokens=profile.reservation_cap_tokens,
            cached_count=profile.cached_tokens_count,
        ),
        tokens_per_second=profile.tokens_per_second or 0.0,
        keeps_reservation=True,
    )
