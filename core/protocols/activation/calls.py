"""The transactions of activation, as what they are to do; their gas comes from an estimate.

None of them carries a value: the bond goes through the ERC-20 face of the native coin.
"""

from __future__ import annotations

from core.chain.abi import codec
from core.chain.unsigned import UnsignedTransaction
from core.config.deployments import Deployment
from core.protocols.activation.identity import Identity


def approval(deployment: Deployment, sender: str, amount: int) -> UnsignedTransaction:
    """Lets MachineSubscription take exactly `amount` (wei) from `sender`."""
    return _approve("approve", deployment, sender, amount)


def revocation(deployment: Deployment, sender: str) -> UnsignedTransaction:
    """Sets a left-over allowance back to 0."""
    return _approve("revoke", deployment, sender, 0)


def activation(
    deployment: Deployment, sender: str, identity: Identity, tier: int
) -> UnsignedTransaction:
    """Mints the machine, stores its document and activates its subscription, all or nothing."""
    data = codec("activation/machine_state_and_sync").encode(
        "activateMachine",
        identity.document.as_argument(),
        identity.machine_type,
        identity.subject,
        identity.manufacturer,
        tier,
    )
    to = deployment.contracts.machine_state_and_sync
    return UnsignedTransaction("activate", sender, to, 0, data, 0)


def late_activation(
    deployment: Deployment, sender: str, machine_id: int, tier: int
) -> UnsignedTransaction:
    """Activates the subscription of a machine that is minted, but inactive."""
    return _subscribe("activate", deployment, sender, "activate", machine_id, tier)


def renewal(deployment: Deployment, sender: str, machine_id: int) -> UnsignedTransaction:
    """Renews the subscription by one period, at its tier."""
    return _subscribe("renew", deployment, sender, "renew", machine_id)


def _approve(purpose: str, deployment: Deployment, sender: str, amount: int) -> UnsignedTransaction:
    spender = deployment.contracts.machine_subscription
    data = codec("activation/peaq_token").encode("approve", spender, amount)
    return UnsignedTransaction(purpose, sender, deployment.token, 0, data, 0)


def _subscribe(
    purpose: str, deployment: Deployment, sender: str, function: str, *arguments: int
) -> UnsignedTransaction:
    data = codec("activation/machine_subscription").encode(function, *arguments)
    to = deployment.contracts.machine_subscription
    return UnsignedTransaction(purpose, sender, to, 0, data, 0)
