# pragma version 0.4.3
# pragma evm-version london
"""
@title Forecast
@notice Which numbers a registration and a minting would give. Never deployed: a node is asked to
        suppose that this code stands at the machine's own address (the state override of
        eth_call), so that the registry and the NFT see the machine itself as their caller.
"""

interface Registry:
    def register() -> uint256: payable

interface MachineNft:
    def mint(machineId: uint256, recipient: address): nonpayable
    def tokenIdOf(machineId: uint256) -> uint256: view


@external
def forecast(registry: address, nft: address, bond: uint256) -> (uint256, uint256):
    machineId: uint256 = extcall Registry(registry).register(value=bond)
    extcall MachineNft(nft).mint(machineId, self)
    return machineId, staticcall MachineNft(nft).tokenIdOf(machineId)


@external
@view
def onERC721Received(operator: address, sender: address, tokenId: uint256, data: Bytes[1024]) -> bytes4:
    """
    @notice Code that is sent a token is asked whether it can hold one.
    """
    return method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4)
