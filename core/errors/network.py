"""Errors of the network: endpoint, contracts, transactions, money."""

from __future__ import annotations

from core.errors.entry import GAS_ONLY, SAFE, Entry, Kind

RPC = (
    Entry(
        "RPC_UNREACHABLE",
        "The network cannot be reached",
        "{host} did not answer: {reason}.",
        "Check the network connection and the firewall, then {retry}. To use another RPC "
        "endpoint, set PEAQOS_RPC_URL.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "RPC_NOT_A_NODE",
        "This is not a peaq RPC endpoint",
        "{host} answers, but not like an RPC endpoint: {reason}.",
        "If your network has a login page, log in there. Otherwise check PEAQOS_RPC_URL. Then "
        "{retry}.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "RPC_BUSY",
        "The RPC endpoint is busy",
        "{host} is rate-limiting requests.",
        "Wait until the endpoint is free, then {retry}. To use another RPC endpoint, set "
        "PEAQOS_RPC_URL.",
        Kind.WAITING,
        money=SAFE,
    ),
    Entry(
        "RPC_BEHIND",
        "The RPC endpoint is behind",
        "{host} is at block {height}. The wizard needs block {needed} to continue safely.",
        "Wait a minute, then {retry}. To use another RPC endpoint, set PEAQOS_RPC_URL.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "RPC_ERROR",
        "The RPC endpoint returned an error",
        "{host}: {reason}",
        "Wait a minute, then {retry}. If it happens again, set another RPC endpoint as "
        "PEAQOS_RPC_URL.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "CHAIN_ID_WRONG",
        "The RPC endpoint serves another network",
        "{host} serves chain {found}; {network} is chain {expected}.",
        "Check PEAQOS_RPC_URL, or choose the network you want with --network.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "NO_CODE_AT_ADDRESS",
        "{variable} is not a contract",
        "{address} holds no contract code on {network}.",
        "To correct or remove {variable}, {settings}. Without it, the wizard uses the network's "
        "own address.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "CONTRACT_UNEXPECTED",
        "The contract gave an unexpected answer",
        "{variable}: {reason}",
        "To correct or remove {variable}, {settings}. Without it, the wizard uses the network's "
        "own address. Earlier payments are safe: continue in a new state directory that contains"
        " a copy of keystore.json.",
        Kind.CONFIGURATION,
        money="",
        again="after a change",
    ),
    Entry(
        "JOURNAL_CHAIN_DISAGREE",
        "The journal and the network disagree",
        "{reason}",
        "{Retry}. If it happens again, check PEAQOS_RPC_URL: the endpoint may serve another chain.",
        Kind.NETWORK,
        money=SAFE,
    ),
)

FUNDS = (
    Entry(
        "INSUFFICIENT_BALANCE",
        "Insufficient balance for gas + bond",
        "Required: {needed} {token}. Balance: {held}. Shortfall: {missing} {token}.",
        "Send {missing} {token} to {address}. The wizard detects the payment.",
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "FUNDING_LATE",
        "The payment has not arrived yet",
        "The Gas Station reports that it sent {amount} {token}, but the balance is {held}.",
        "The wizard is watching the balance. {Retry}, or come back later.",
        Kind.WAITING,
        money="A payment is on its way.",
    ),
    Entry(
        "FUNDING_TOO_SMALL",
        "The payment does not cover gas + bond",
        "{amount} {token} arrived. The shortfall is still {missing} {token}.",
        "{Fund}: send {missing} {token} to {address}. The wizard detects the payment.",
        money="The payment is in the wallet.",
        again="after a change",
    ),
    Entry(
        "SKIPPED_BUT_POOR",
        "The Gas Station skipped the payment",
        "It considers {held} {token} enough, but bond and gas require {needed}.",
        "{Fund}: send {missing} {token} to {address}. The wizard detects the payment.",
        again="after a change",
    ),
)

OWNER = (
    Entry(
        "OWNER_KEY_REQUIRED",
        "The owner's key is not set",
        "You chose to pay from the owner's wallet, but PEAQOS_PRIVATE_KEY, which holds its key, "
        "is not set.",
        "Set PEAQOS_PRIVATE_KEY to the owner's key (0x and 64 hex digits) and start the wizard "
        "again. Or {fund}.",
        money="",
        again="after a change",
    ),
    Entry(
        "OWNER_POOR",
        "Insufficient balance in the owner's wallet",
        "{owner} holds {held} {token}. The transfer and its fee require {needed}.",
        "Send {token} to the owner's wallet, then {retry}. Or {fund}.",
        again="after a change",
    ),
    Entry(
        "OWNER_PENDING",
        "Another transfer from the owner's wallet is pending",
        "{owner} has a pending transaction that this wizard did not send, for example for "
        "another machine. The wizard sends nothing until it is done.",
        "{Retry}, or come back later. If it stays pending, replace it from the wallet that "
        "sent it.",
        Kind.WAITING,
    ),
    Entry(
        "OWNER_DISPLACED",
        "Another transfer from the owner's wallet went first",
        "Another transaction of {owner} used nonce {nonce}, for example a transfer to another "
        "machine. The transfer to this machine was never executed.",
        "{Retry}. The wizard signs it with the next nonce.",
        Kind.WAITING,
        money="The replaced transfer paid nothing.",
    ),
    Entry(
        "OWNER_IS_MACHINE",
        "The owner's wallet is the machine's wallet",
        "PEAQOS_PRIVATE_KEY is the key of {address}, the wallet that needs the money.",
        "{Fund}.",
        again="after a change",
    ),
    Entry(
        "AMOUNT_CHANGED",
        "The amount has changed",
        "The wizard showed {quoted} {token}. The amount is now {now}.",
        "{Retry}. The wizard shows you the new amount and asks again before it signs.",
    ),
)

CHAIN = (
    Entry(
        "ALREADY_REGISTERED",
        "AlreadyRegistered",
        "This owner is already registered, but the network does not return its machine ID yet.",
        "{Retry}. The wizard looks up the machine ID and continues.",
        Kind.NETWORK,
        money="The bond was paid earlier. The wizard does not pay it again.",
    ),
    Entry(
        "BOND_CHANGED",
        "The bond has changed",
        "The wizard showed {quoted} {token}. The bond is now {now}.",
        "{Retry}. The wizard shows you the new bond and asks again before it signs.",
    ),
    Entry(
        "BOND_NOT_ACCEPTED",
        "The bond is higher than you accepted",
        "The bond is {bond} {token}. You accepted at most {accepted}.",
        "Start again and accept the current bond.",
        money="The bond was not paid.",
        again="after a change",
    ),
    Entry(
        "CONTRACTS_NOT_ACCEPTED",
        "You have not accepted these contracts",
        "{names}: not a contract of {network}.",
        "{Retry}, then type the word. Or start again with --accept-contracts. To use the "
        "network's own contracts, remove these variables.",
        again="after a change",
    ),
    Entry(
        "FEE_TOO_HIGH",
        "The fee is higher than you agreed to",
        "The fee for the remaining transactions is now at most {now} {token}. You agreed to at "
        "most {agreed}.",
        "{Retry}. The wizard shows you the new fee before it signs. Or come back when the fee is"
        " lower.",
        Kind.WAITING,
        money="{safe}",
    ),
    Entry(
        "FEE_IMPLAUSIBLE",
        "The fee is implausibly high",
        "The fee for the remaining transactions would be {now} {token}. On {network}, the wizard"
        " signs for at most {limit}.",
        "{Retry}, or set another RPC endpoint as PEAQOS_RPC_URL: this one may be wrong.",
        Kind.WAITING,
        money="{safe}",
    ),
    Entry(
        "FEE_UNPAYABLE",
        "The balance does not cover the higher fee",
        "{purpose} is pending because the fee rose. It now requires {needed} {token}. The "
        "balance is {held}.",
        "Send {missing} {token} to {address}, or wait until the fee is lower. Then {retry}.",
        Kind.WAITING,
        money="The wizard pays for it once at most.",
    ),
    Entry(
        "CONTRACT_PAUSED",
        "The contract is paused",
        "{name}: the operators of the network have paused this contract.",
        "Only they can resume it, and nobody can register until then. Come back later and {retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "REGISTRATION_REFUSED",
        "The contract rejected the registration: {name}",
        "{purpose} failed in simulation, so the wizard did not send it: {reason} Since 2026-09-01, "
        "peaq onboards new machines by activation, another flow with another price.",
        "{Retry}. To use activation instead, start again with --protocol activation and another "
        "folder (--state-dir).",
        Kind.NETWORK,
    ),
    Entry(
        "CONTRACT_REFUSED",
        "The contract rejected the transaction: {name}",
        "{purpose} failed in simulation, so the wizard did not send it: {reason}",
        "{Retry}. If it happens again, contact support with the error name above.",
        Kind.NETWORK,
    ),
    Entry(
        "TRANSACTION_REVERTED",
        "The transaction reverted",
        "{purpose}: {reason}",
        "{Retry}. The wizard simulates it again before it sends anything.",
        Kind.NETWORK,
        money=GAS_ONLY,
    ),
    Entry(
        "TRANSACTION_LATE",
        "The transaction takes longer than usual",
        "{purpose} was broadcast {seconds} s ago and is still pending.",
        "{Retry}, or come back later. The wizard keeps watching it and never pays twice.",
        Kind.WAITING,
        money="The transaction was broadcast. It pays once at most.",
    ),
    Entry(
        "FUNDS_MISSING",
        "A payment into this wallet has disappeared",
        "{purpose} was broadcast, but the balance is now {missing} {token} short. A "
        "reorganization of the network may have removed an earlier payment.",
        "The payment usually returns. {Retry}, or come back later. If it is still missing after "
        "an hour, send {missing} {token} to {address}.",
        Kind.WAITING,
        money="The transaction is saved. It pays once at most.",
    ),
    Entry(
        "TRANSACTION_DISPLACED",
        "Another program uses this private key",
        "Another transaction of this wallet used nonce {nonce}, so the wizard's transaction was "
        "not executed.",
        "Stop the other program, then {retry}. The wizard first checks what the other "
        "transaction did.",
        money="The wizard's transaction paid nothing.",
    ),
    Entry(
        "FOREIGN_PENDING",
        "Another transaction of this wallet is pending",
        "The wizard did not send that transaction, and sends nothing until a block includes it.",
        "Wait until it is finalized, then {retry}. If another program uses this private key, "
        "stop that program.",
    ),
    Entry(
        "READ_BACK_FAILED",
        "The network does not return what was written",
        "{what}: expected {expected}, found {found}.",
        "{Retry}. The wizard reads it again, and sends nothing until the two match.",
        Kind.NETWORK,
        money=SAFE,
    ),
)
