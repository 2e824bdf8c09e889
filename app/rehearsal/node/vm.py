"""The EVM of the rehearsal: Shanghai plus those precompiles of peaq that no contract can
replace.
"""

from __future__ import annotations

from typing import Any, cast

from eth.abc import BlockHeaderAPI
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.shanghai.computation import ShanghaiComputation
from eth.vm.forks.shanghai.state import ShanghaiState

from app.rehearsal.node.batch_precompile import BATCH_ADDRESS, batch
from app.rehearsal.node.erc20_precompile import ERC20_ADDRESS, erc20

PRECOMPILES = {
    **ShanghaiComputation.get_precompiles(),
    BATCH_ADDRESS: batch,
    ERC20_ADDRESS: erc20,
}


class RehearsalComputation(ShanghaiComputation):
    """The Shanghai rules with two more precompiles."""

    # py-evm types its own table more narrowly than its getter's return value.
    _precompiles = PRECOMPILES  # type: ignore[assignment]


class RehearsalState(ShanghaiState):
    """State that computes with these precompiles."""

    computation_class = RehearsalComputation


def _header_from_parent(parent: BlockHeaderAPI | None, **fields: Any) -> BlockHeaderAPI:
    """Return the next header with its parent's gas limit and base fee, which therefore stay
    as set.
    """
    if parent is None:
        return cast(BlockHeaderAPI, ShanghaiVM.create_header_from_parent(None, **fields))
    fields.setdefault("gas_limit", parent.gas_limit)
    header = ShanghaiVM.create_header_from_parent(parent, **fields)
    return cast(BlockHeaderAPI, header.copy(base_fee_per_gas=parent.base_fee_per_gas))


class RehearsalVM(ShanghaiVM):
    """Shanghai with more precompiles and a base fee that only tests change."""

    _state_class = RehearsalState
    create_header_from_parent = staticmethod(_header_from_parent)

    @classmethod
    def validate_gas(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Accept any base fee: see the class."""
