"""Opens what answers for each role: clients of all accounts, and the spare models behind."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from agent.config import Settings
from agent.domain.message import Role
from agent.domain.ports import Governor
from agent.domain.profile import Profile
from agent.engine.run_context import Model
from agent.limits.pool import Pool
from agent.providers.dialects import client_of
from agent.wiring.models import accounts_of, fallbacks, ladder


@dataclass(frozen=True)
class Opening:
    """Opens models; the stack closes them."""

    stack: AsyncExitStack
    settings: Settings
    governor: Governor
    base_url: str
    """In place of every profile's own; empty when the profiles' hold."""

    def model(self, role: Role, own: Profile) -> Model:
        spare = None
        for profile in reversed(() if self.base_url else fallbacks(self.settings, role)):
            spare = self.opened(profile, spare)
        model = self.opened(own, spare)
        model.stronger = tuple(self.opened(each, None) for each in ladder(self.settings, role))
        return model

    def opened(self, profile: Profile, spare: Model | None) -> Model:
        here = profile.model_copy(update={"base_url": self.base_url} if self.base_url else {})
        clients = {
            name: client_of(here.model_copy(update={"key_env": account.key_env}), account.key)
            for name, account in accounts_of(self.settings, here).items()
        }
        for client in clients.values():
            self.stack.push_async_callback(client.aclose)
        pool = Pool(
            tuple(clients),
            self.governor,
            self.settings.account_policy,
            self.settings.max_wait_seconds,
        )
        return Model(here, clients, pool, spare)
