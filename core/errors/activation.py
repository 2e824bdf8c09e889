"""Errors of activation: deployment record, machine identity, quote, allowance, subscription."""

from __future__ import annotations

from core.errors.entry import SAFE, Entry, Kind

DEPLOYMENT = (
    Entry(
        "PROTOCOL_MISMATCH",
        "This state directory belongs to the other protocol",
        "Its journal was started with the protocol {journal}; now {now} is chosen.",
        "Choose the protocol {journal} to continue, or another folder with --state-dir. "
        "The two protocols cost different money and give different machine ids.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "PROTOCOL_NOT_ACCEPTED",
        "You have not chosen how to onboard this machine",
        "On mainnet there are two flows, and the choice is final for this machine.",
        "{Retry} and type the word. Or start again with --protocol guide or --protocol activation.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "MACHINE_NOT_ACTIVATED",
        "There is no activated machine here",
        "The journal in {path} has no activation, so there is nothing to renew.",
        "Name the machine's state directory with --state-dir, or activate a machine with "
        "--protocol activation.",
        Kind.CONFIGURATION,
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "DEPLOYMENT_UNKNOWN",
        "This deployment is unknown",
        "This release knows the deployments {known}, but not {deployment}.",
        "Remove PEAQOS_DEPLOYMENT_ID, or set it to one of them. A newer release may know others.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "DEPLOYMENT_INTERNAL",
        "This deployment is for the network's developers only",
        "{deployment} is an internal test set that takes real money.",
        "Remove PEAQOS_DEPLOYMENT_ID. The wizard then uses the network's own deployment.",
        Kind.CONFIGURATION,
        again="never",
    ),
    Entry(
        "DEPLOYMENT_ELSEWHERE",
        "This deployment is of another network",
        "{deployment} is on {elsewhere}, but the network is {network}.",
        "Set PEAQOS_DEPLOYMENT_ID to {own} or remove it, or choose the other network with "
        "--network.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "DEPLOYMENT_CODE_MISSING",
        "An activation contract is missing",
        "{contract} has no code at {address} on {network}.",
        "{Retry}. If it happens again, check PEAQOS_RPC_URL: the endpoint may serve another chain.",
        Kind.NETWORK,
    ),
    Entry(
        "PEER_UNSET",
        "InfoDesk does not name a contract",
        "InfoDesk names no {contract} now. This release expects {expected}.",
        "The network's operators may be changing it. Come back later and {retry}.",
        Kind.NETWORK,
        again="later",
    ),
    Entry(
        "PEER_MISMATCH",
        "InfoDesk names another contract",
        "For {contract}, InfoDesk names {found}. This release expects {expected}.",
        "Do not continue with this release. Look for a newer one, and compare its addresses with "
        "the network's announcement.",
        Kind.NETWORK,
        again="after a change",
    ),
    Entry(
        "ACTIVATION_ELSEWHERE",
        "Machines are not activated on this chain now",
        "MachineSubscription on {network} says that another chain keeps the subscriptions.",
        "Come back later and {retry}. If it stays so, look for a newer release.",
        Kind.NETWORK,
        again="later",
    ),
    Entry(
        "ACTIVATION_UNEXPECTED",
        "An activation contract does not answer as expected",
        "{contract}: {reason}",
        "{Retry}. If it happens again, set another endpoint as PEAQOS_RPC_URL or look for a newer "
        "release.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "ACTIVATION_PAUSED",
        "Activation is paused",
        "The network's operators have paused {what} for now.",
        "Only they can release it. Come back later and {retry}.",
        Kind.NETWORK,
        money=SAFE,
        again="later",
    ),
    Entry(
        "PRICE_NOT_AVAILABLE",
        "The network has no price now",
        "{network} cannot say what a subscription costs in {token} (PriceNotAvailable).",
        "Come back later and {retry}. On a testnet without a price, choose the protocol guide.",
        Kind.NETWORK,
        money=SAFE,
        again="later",
    ),
)

IDENTITY = (
    Entry(
        "MACHINE_TYPE_INVALID",
        "The machine type cannot be used",
        "{reason}",
        "Enter a short name for this kind of machine, such as Sensor.",
        money="",
        again="after a change",
    ),
    Entry(
        "SUBJECT_INVALID",
        "The credential subject cannot be used",
        "{reason}",
        "Keep the proposed subject, or enter 0x and an even number of hex digits, at least 32.",
        money="",
        again="after a change",
    ),
    Entry(
        "MANUFACTURER_INVALID",
        "The manufacturer cannot be used",
        "{reason}",
        "Enter the manufacturer's address: 0x and 40 hex digits.",
        money="",
        again="after a change",
    ),
    Entry(
        "CONTROLLER_INVALID",
        "The controller cannot be used",
        "{reason}",
        "Enter the address that is to control the DID, or leave it empty: the machine's own "
        "address then controls it.",
        money="",
        again="after a change",
    ),
    Entry(
        "ENDPOINT_INVALID",
        "A service endpoint cannot be used",
        "{endpoint}: {reason}",
        "Give each endpoint a name such as #docs, a type, and an address that starts with https:// "
        "or http://.",
        money="",
        again="after a change",
    ),
    Entry(
        "AUTHENTICATION_INVALID",
        "The DID document is not consistent",
        "Authentication names verification method {index}, but there are {count}.",
        "Name existing methods only, counted from 0. The network would store it forever.",
        money="",
        again="after a change",
    ),
    Entry(
        "TIER_INVALID",
        "This tier cannot be chosen",
        "{tier} is not a tier of this network. Its tiers are {tiers}.",
        "Choose one of these tiers.",
        money="",
        again="after a change",
    ),
    Entry(
        "IDENTITY_FIXED",
        "The machine's identity cannot be changed any more",
        "A transaction for {what} {journal} was signed already; now it is {now}.",
        "Continue with the recorded identity. For another machine, choose another folder with "
        "--state-dir.",
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "MACHINE_ID_DISAGREES",
        "The network computes another machine id",
        "This wizard computes {ours}, MachineRegistry {theirs}.",
        "{Retry}. If it happens again, do not continue: set another endpoint as PEAQOS_RPC_URL or "
        "look for a newer release.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "MACHINE_TAKEN",
        "This machine id belongs to another wallet",
        "Machine {machine_id} belongs to {owner}, not to {address}.",
        "Choose another credential subject in a new folder (--state-dir). A copy of this folder's "
        "keystore.json in there keeps the key and the money in its wallet.",
        money="The bond was not paid.",
        again="after a change",
    ),
    Entry(
        "MACHINE_DIFFERS",
        "The machine exists already, but differs",
        "{what} is {found} on the network and {expected} in the records.",
        "Nothing more is sent. Continue in a new folder (--state-dir) with another credential "
        "subject, or change the machine with the tool that made it.",
        money="The bond was paid earlier. It is not paid again.",
        again="after a change",
    ),
)

QUOTE = (
    Entry(
        "QUOTE_NOT_ACCEPTED",
        "The amount was not agreed to",
        "The activation takes {net} {token}; at most {accepted} was accepted.",
        "Start again and accept the amount as it is.",
        money="The bond was not paid.",
        again="after a change",
    ),
    Entry(
        "QUOTE_CHANGED",
        "The amount has changed",
        "It was {quoted} {token} when this was shown; now it is {now}.",
        "{Retry}. The wizard shows the new amount, and signs nothing before you agree.",
        money=SAFE,
    ),
    Entry(
        "ALLOWANCE_SHORT",
        "The allowance is too small now",
        "The activation takes {net} {token} now; MachineSubscription may take {allowance}.",
        "{Retry}. The wizard shows the new amount, and approves it only after you agree. Or set "
        "the allowance back to 0.",
        money="The bond was not paid. The allowance is left until it is used or set back.",
    ),
    Entry(
        "ALLOWANCE_LEFT",
        "An allowance is left",
        "MachineSubscription may still take {allowance} {token} from {address}.",
        "Continue the activation, or set the allowance back to 0 for a small fee.",
        money=SAFE,
    ),
    Entry(
        "SUBSCRIPTION_ENDED",
        "The machine's subscription has ended",
        "Machine {machine_id} is {status} on the network.",
        "Nothing more is sent. For a new machine, choose another folder with --state-dir.",
        money="The bond was paid earlier. It is not paid again.",
        again="after a change",
    ),
)
