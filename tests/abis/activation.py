"""The activation contracts as their protocol states them, and what goes over the wire."""

from __future__ import annotations

_METHODS = "(string,string,address,string)[]"
_ENDPOINTS = "(string,string,string)[]"
DOCUMENT = f"(string,address,{_METHODS},uint256[],{_ENDPOINTS})"

PROTOCOL = {
    "activation/info_desk": """
        function peer(bytes32) view returns (address)
        function peaqToken() view returns (address)
        function localChainId() view returns (uint16)
        function tierPriceUsd(uint8) view returns (uint256)
        function subscriptionPeriodLength() view returns (uint64)
        function graceDuration() view returns (uint64)
        function runoffDuration() view returns (uint64)
    """,
    "activation/machine_registry": f"""
        function computeTokenId(string,bytes) pure returns (uint256)
        function didFromTokenId(uint256) pure returns (string)
        function ownerOf(uint256) view returns (address)
        function controllerOf(uint256) view returns (address)
        function didDocument(uint256) view returns ({DOCUMENT})
        function machineTypeOf(uint256) view returns (string)
        function credentialSubjectOf(uint256) view returns (bytes)
        function manufacturerOf(uint256) view returns (address)
        function authenticationOf(uint256) view returns (uint256[])
        event MachineMinted(uint256 indexed,address indexed,address indexed,string)
        event Transfer(address indexed,address indexed,uint256 indexed)
        error CredentialSubjectMismatch()
        error ERC721InvalidReceiver(address)
        error ERC721InvalidSender(address)
        error ERC721NonexistentToken(uint256)
        error FailedCall()
        error InvalidAddress()
        error InvalidAuthenticationIndex()
        error InvalidDIDFormat()
        error MachineRelocating()
        error NotMachineOwner()
        error NotMachineStateAndSync()
        error NotOwnerOrController()
    """,
    "activation/machine_subscription": """
        function requiredPeaqAmount(uint8) view returns (uint256)
        function pendingVoucherCredit(address) view returns (uint256)
        function pendingBondingReward(address) view returns (uint256)
        function isEconomicAuthority() view returns (bool)
        function subscriptions(uint256) view returns (uint8,uint64,uint64,uint256,uint256)
        function subscriptionStatus(uint256) view returns (uint8)
        function activate(uint256,uint8) nonpayable returns ()
        function renew(uint256) nonpayable returns ()
        event Activated(uint256 indexed,address indexed,uint8,uint256,uint64,uint64)
        event VoucherRedeemed(uint256 indexed,address indexed,uint256)
        event PaidWithUsdt(address indexed,uint256,uint256)
        event Renewed(uint256 indexed,address indexed,uint8,uint256,uint64)
        event BondingRewardRedeemed(uint256 indexed,address indexed,uint256)
        error AlreadyActivated()
        error AlreadyTerminated()
        error FailedCall()
        error InvalidAddress()
        error InvalidTier()
        error MachineRelocating()
        error NotActivated()
        error NotActive()
        error NotMachineStateAndSync()
        error NotOwnerOrController()
        error PriceNotAvailable()
        error ProvisionPoolNotConfigured()
        error SafeERC20FailedOperation(address)
        error TechnicallyPaused()
        error TierChangeWhileActive()
    """,
    "activation/machine_state_and_sync": f"""
        function isTechnicalPausedGlobal() view returns (bool)
        function isTechnicalPaused(uint256) view returns (bool)
        function isRelocating(uint256) view returns (bool)
        function activateMachine({DOCUMENT},string,bytes,address,uint8) nonpayable returns (uint256)
        event MachineOnboarded(uint256 indexed,address indexed)
        error FailedCall()
        error InvalidAddress()
        error MachineRelocating()
        error NotActive()
        error NotMachineStateAndSync()
        error NotMachineSubscription()
        error NotOwnerOrController()
    """,
    "activation/cross_chain_mirror": """
        function isHomedLocally(uint256) view returns (bool)
        function homeChainOf(uint256) view returns (uint16)
        error AlreadyRegistered()
        error ChainNotRegistered()
        error FailedCall()
        error HomeChainConflict(uint256,uint16,uint16)
        error InvalidAddress()
        error LocalMachineExists(uint256)
        error NotMachineStateAndSync()
        error NotSubscriptionChain()
    """,
    "activation/peaq_token": """
        function balanceOf(address) view returns (uint256)
        function allowance(address,address) view returns (uint256)
        function approve(address,uint256) nonpayable returns (bool)
        event Approval(address indexed,address indexed,uint256)
        event Transfer(address indexed,address indexed,uint256)
    """,
}

# Selectors and topics of the deployed contracts, as the official SDK's interfaces have them.
_IDENTIFIERS = {
    "activation/info_desk": "peer a6d77118 peaqToken d16f0b36 localChainId 5b056da5"
    " tierPriceUsd b03f5b62 subscriptionPeriodLength 3b009011 graceDuration 78cf26a0"
    " runoffDuration 9b1e54fe",
    "activation/machine_registry": "computeTokenId f6bbb090 ownerOf 6352211e controllerOf 5dd8f6aa"
    " didDocument ec3be542 didFromTokenId dca7c449 machineTypeOf 6645689b"
    " credentialSubjectOf 34c103dd manufacturerOf 2ace7e17 authenticationOf 64529f48"
    " MachineMinted 13169308c1c25245c85c45d447c9e42bcdca193d49498d89def1718c0361db18"
    " Transfer ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    " ERC721NonexistentToken 7e273289 ERC721InvalidSender 73c6ac6e",
    "activation/machine_subscription": "requiredPeaqAmount 8e9366cf pendingVoucherCredit 9fa5a77f"
    " isEconomicAuthority 30f80767 subscriptions 2d5bbf60 subscriptionStatus 492f8724"
    " activate 4578f5f0 renew 5baa7509 PriceNotAvailable 579a4801 TechnicallyPaused af68dc81"
    " AlreadyActivated ef65161f InvalidTier e1423617"
    " Activated 30d4acbfc7e9e5083909ead9af2d28dbf6c9c9b65417bc69478442ef1067127c"
    " VoucherRedeemed b757d79c84afbc340d26d38a931274e3ec0c57f9bed689c3d6c4fa29843d89c6"
    " PaidWithUsdt 98972d3b1e256c677f161b1a8a35bfa9ee33fbccf33caa95e6fc24b77ff18365",
    "activation/machine_state_and_sync": "isTechnicalPausedGlobal 653f0450"
    " isTechnicalPaused 7e017030 activateMachine da3802f6"
    " MachineOnboarded 94a4eea9d2b843ed905cf3704e998551a52396b926d1c7b250fda8333cc044fb",
    "activation/cross_chain_mirror": "isHomedLocally aa007eed homeChainOf 5bc23b9d"
    " AlreadyRegistered 3a81d6fc HomeChainConflict c66c38d7 LocalMachineExists 72577763",
    "activation/peaq_token": "balanceOf 70a08231 allowance dd62ed3e approve 095ea7b3"
    " Approval 8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
}
KNOWN = {
    (name, entry): identifier
    for name, text in _IDENTIFIERS.items()
    for entry, identifier in zip(text.split()[::2], text.split()[1::2], strict=True)
}
