"""Compare the receipt of an activation with the chain, row by row. Read-only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.amounts import exact_peaq
from core.chain.queries import Chain
from core.clock import readable, stamp_of
from core.config.deployments import Deployment
from core.protocols.activation.document import parse_document
from core.protocols.activation.queries import ActivationQueries
from core.receipt.verify import Row, compare_rating, compare_transactions
from core.services.mcr import Mcr


async def compare(
    receipt: Mapping[str, Any], chain: Chain, deployment: Deployment, mcr: Mcr | None = None
) -> list[Row]:
    """Return each value of the receipt beside the chain's. Raises OnboardingError (RPC_…,
    CHAIN_ID_WRONG, ACTIVATION_UNEXPECTED).
    """
    number, address = int(receipt["machine_id"]), str(receipt["address"])
    asks, stored = ActivationQueries(chain, deployment), receipt["activation"]
    owner = asks.owner(number)
    height = await chain.read(owner)
    rows = [
        Row("chain", str(receipt["chain_id"]), str(chain.network.chain_id)),
        Row("owner", address, owner.value or "nobody"),
    ]
    if owner.value:
        rows += await _machine(receipt, chain, asks, height)
    canonical = json.dumps(stored["document"], sort_keys=True, separators=(",", ":"))
    own = parse_document(canonical).digest
    rows.append(Row("document's SHA-256", str(stored["document_sha256"]), own))
    rows += await compare_transactions(receipt, chain, height)
    if mcr is not None:
        rows.append(await compare_rating(receipt, mcr))
    return rows


async def _machine(
    receipt: Mapping[str, Any], chain: Chain, asks: ActivationQueries, height: int
) -> list[Row]:
    number, stored = int(receipt["machine_id"]), receipt["activation"]
    kind, subject = asks.machine_type(number), asks.subject(number)
    manufacturer, controller = asks.manufacturer(number), asks.controller(number)
    home, document = asks.is_homed_here(number), asks.document(number)
    subscription = asks.subscription(number)
    await chain.read(
        kind, subject, manufacturer, controller, home, document, subscription, at_least=height
    )
    period, unit = subscription.value, receipt["token"]
    return [
        Row("machine type", str(stored["machine_type"]), kind.value),
        Row("credential subject", str(stored["credential_subject"]), "0x" + subject.value.hex()),
        Row("manufacturer", str(stored["manufacturer"]), manufacturer.value),
        Row("controller", str(stored["controller"]), controller.value),
        Row("home", "this chain", "this chain" if home.value else "another chain"),
        Row(
            "DID document",
            str(stored["document_sha256"]),
            document.value.digest if document.value else "none",
        ),
        Row("subscription", "active", "active" if period.active else "not active"),
        Row("tier", str(stored["tier"]), str(period.tier)),
        # A renewal adds to the bond, and moves the end: neither makes the receipt wrong.
        Row(
            "bond",
            f"{exact_peaq(int(receipt['bond_wei']))} {unit}",
            f"{exact_peaq(period.bonded)} {unit}",
            lasting=False,
        ),
        Row(
            "renew before",
            readable(str(stored["renew_before"])),
            readable(stamp_of(period.period_end)),
            lasting=False,
        ),
    ]
