"""Whether the contracts of the deployment are in place: asked before every write, in the same read
as the quote.
"""

from __future__ import annotations

from typing import Any

from core.chain.queries import Chain
from core.chain.query import Query
from core.config.deployments import Deployment
from core.config.settings import Settings
from core.errors.problem import OnboardingError, fault
from core.protocols.activation.queries import PEERS, ActivationQueries, title_of
from core.steps.context import Context


def deployment_of_run(settings: Settings) -> Deployment:
    """Return the deployment of this run. Raises RuntimeError if the protocol is another one."""
    if settings.deployment is None:
        raise RuntimeError("the protocol of this run is not activation")
    return settings.deployment


def deployment_in(context: Context) -> Deployment:
    """Return the deployment of this run. Raises RuntimeError if the protocol is another one."""
    return deployment_of_run(context.settings)


def asks_of(context: Context) -> ActivationQueries:
    return ActivationQueries(context.chain, deployment_in(context))


def standing_of(context: Context) -> Standing:
    return Standing(context.chain, deployment_in(context))


class Standing:
    """Code at seven addresses, six peers, the token, the economic authority, the global pause."""

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        self._network = chain.network.title
        self._deployment = deployment
        asks = ActivationQueries(chain, deployment)
        self._code = {name: asks.code(name) for name in self._deployment.contracts.as_dict()}
        self._peers = {name: asks.peer(name) for name in PEERS}
        self._token = asks.token()
        self._authority = asks.is_authority()
        self._paused = asks.is_paused()

    @property
    def queries(self) -> list[Query[Any]]:
        return [
            *self._code.values(),
            *self._peers.values(),
            self._token,
            self._authority,
            self._paused,
        ]

    def check(self) -> None:
        """Raises OnboardingError: DEPLOYMENT_CODE_MISSING, PEER_UNSET, PEER_MISMATCH,
        ACTIVATION_ELSEWHERE, ACTIVATION_PAUSED, ACTIVATION_UNEXPECTED, RPC_….
        """
        found = self.problem()
        if found:
            raise found

    def problem(self) -> OnboardingError | None:
        """The first fault of the deployment. Raises OnboardingError (ACTIVATION_UNEXPECTED, RPC_…)
        where an answer cannot be used.
        """
        addresses = self._deployment.contracts.as_dict()
        for name, code in self._code.items():
            if not code.value:
                return fault(
                    "DEPLOYMENT_CODE_MISSING",
                    contract=title_of(name),
                    address=addresses[name],
                    network=self._network,
                )
        named = {name: peer.value for name, peer in self._peers.items()}
        expected = {**addresses, "peaq_token": self._deployment.token}
        for name, found in {**named, "peaq_token": self._token.value}.items():
            if not found:
                return fault("PEER_UNSET", contract=title_of(name), expected=expected[name])
            if found.lower() != expected[name].lower():
                return fault(
                    "PEER_MISMATCH",
                    contract=title_of(name),
                    expected=expected[name],
                    found=found,
                )
        if not self._authority.value:
            return fault("ACTIVATION_ELSEWHERE", network=self._network)
        if self._paused.value:
            return fault("ACTIVATION_PAUSED", what="activation")
        return None
