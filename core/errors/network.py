"""Faults of the network: endpoint, contracts, transactions, money."""

from __future__ import annotations

from core.errors.entry import GAS_ONLY, SAFE, Entry, Kind

RPC = (
    Entry(
        "RPC_UNREACHABLE",
        "The network cannot be reached",
        "{host} did not answer: {reason}.",
        "Check the connection and the firewall, then {retry}. Or set another endpoint as "
        "PEAQOS_RPC_URL.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "RPC_NOT_A_NODE",
        "This is not a peaq node",
        "{host} answers, but not as a node does: {reason}.",
        "If the local network has a login page, log in there. If not, check PEAQOS_RPC_URL. "
        "Then {retry}.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "RPC_BUSY",
        "The network endpoint is busy",
        "{host} asks to come back later.",
        "Wait until the endpoint is free, then {retry}. Or set another endpoint as PEAQOS_RPC_URL.",
        Kind.WAITING,
        money=SAFE,
    ),
    Entry(
        "RPC_BEHIND",
        "The network endpoint lags behind",
        "{host} is at block {height}; block {needed} is needed to be sure.",
        "Wait a minute, then {retry}. Or set another endpoint as PEAQOS_RPC_URL.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "RPC_ERROR",
        "The network refused the question",
        "{host}: {reason}",
        "Wait a minute, then {retry}. If it happens again, set another endpoint as PEAQOS_RPC_URL.",
        Kind.NETWORK,
        money=SAFE,
    ),
    Entry(
        "CHAIN_ID_WRONG",
        "This is another network",
        "{host} serves chain {found}; {network} is chain {expected}.",
        "Check PEAQOS_RPC_URL, or name the network that you want with --network.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "NO_CODE_AT_ADDRESS",
        "There is no contract at {variable}",
        "{address} has no code on {network}.",
        "To correct or remove {variable}, {settings}. Without it, the wizard uses the network's "
        "own address.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "CONTRACT_UNEXPECTED",
        "The contract does not answer as expected",
        "{variable}: {reason}",
        "To correct or remove {variable}, {settings}. Without it, the wizard uses the network's "
        "own address. What you paid stays paid: continue in a new state directory with a copy of "
        "keystore.json in it.",
        Kind.CONFIGURATION,
        money="",
        again="after a change",
    ),
    Entry(
        "JOURNAL_CHAIN_DISAGREE",
        "The records and the network disagree",
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
        "Needed {needed} {token}, held {held}: {missing} {token} are missing.",
        "Send {missing} {token} to {address}. The wizard notices when it arrives.",
        money=SAFE,
        again="after a change",
    ),
    Entry(
        "FUNDING_LATE",
        "The payment has not arrived yet",
        "The Gas Station says that it sent {amount} {token}, but the wallet holds {held}.",
        "The wizard watches the balance. {Retry}, or come back later.",
        Kind.WAITING,
        money="A payment is on its way.",
    ),
    Entry(
        "FUNDING_TOO_SMALL",
        "Insufficient balance for gas + bond",
        "The wallet received {amount} {token} and still needs {missing} {token}.",
        "{Fund}: send {missing} {token} to {address}. The wizard notices when it arrives.",
        money="What was paid is in the wallet.",
        again="after a change",
    ),
    Entry(
        "SKIPPED_BUT_POOR",
        "Insufficient balance for gas + bond",
        "The Gas Station finds {held} {token} sufficient, but bond and gas need {needed}.",
        "{Fund}: send {missing} {token} to {address}. The wizard notices when it arrives.",
        again="after a change",
    ),
)

OWNER = (
    Entry(
        "OWNER_KEY_REQUIRED",
        "PEAQOS_PRIVATE_KEY is required",
        "The owner's wallet is to pay, but PEAQOS_PRIVATE_KEY, which holds its key, is not set.",
        "Set PEAQOS_PRIVATE_KEY to the owner's key (0x and 64 hex digits) and start the wizard "
        "again. Or {fund}.",
        money="",
        again="after a change",
    ),
    Entry(
        "OWNER_POOR",
        "The owner's wallet holds too little",
        "{owner} holds {held} {token}; with the fee, {needed} are needed.",
        "Send {token} to the owner's wallet, then {retry}. Or {fund}.",
        again="after a change",
    ),
    Entry(
        "OWNER_PENDING",
        "Another transfer from the owner's wallet is pending",
        "{owner} has a transaction that this wizard did not send, for example to another machine. "
        "Nothing is sent while it is pending.",
        "{Retry}, or come back later. If it stays pending, replace it from the wallet that "
        "sent it.",
        Kind.WAITING,
    ),
    Entry(
        "OWNER_DISPLACED",
        "Another transfer from the owner's wallet came first",
        "Another transaction used nonce {nonce} of {owner}, for example a transfer to another "
        "machine. The transfer to this machine was never executed.",
        "{Retry}. The wizard signs it with the next nonce.",
        Kind.WAITING,
        money="The displaced transfer paid nothing.",
    ),
    Entry(
        "OWNER_IS_MACHINE",
        "The owner's wallet is the machine's own",
        "PEAQOS_PRIVATE_KEY is the key of {address}, which is to be funded.",
        "{Fund}.",
        again="after a change",
    ),
    Entry(
        "AMOUNT_CHANGED",
        "The amount has changed",
        "It was {quoted} {token} when this was shown; now it is {now}.",
        "{Retry}. The wizard shows the new amount, and signs nothing before you agree.",
    ),
)

CHAIN = (
    Entry(
        "ALREADY_REGISTERED",
        "AlreadyRegistered",
        "The network knows this owner already, but not yet under which number.",
        "{Retry}. The wizard looks up the machine id and continues.",
        Kind.NETWORK,
        money="The bond was paid earlier. It is not paid again.",
    ),
    Entry(
        "BOND_CHANGED",
        "The bond has changed",
        "It was {quoted} {token} when this was shown; now it is {now}.",
        "{Retry}. The wizard shows the new amount, and signs nothing before you agree.",
    ),
    Entry(
        "BOND_NOT_ACCEPTED",
        "The bond was not agreed to",
        "The bond is {bond} {token}; at most {accepted} was accepted.",
        "Start again and accept the bond as it is.",
        money="The bond was not paid.",
        again="after a change",
    ),
    Entry(
        "CONTRACTS_NOT_ACCEPTED",
        "Contracts that are not the network's own need your consent",
        "{names}: not a contract of {network}.",
        "{Retry}, then type the word. Or start the wizard again with --accept-contracts. To use "
        "the network's own contracts, remove these variables.",
        again="after a change",
    ),
    Entry(
        "FEE_TOO_HIGH",
        "The fee is higher than you agreed to",
        "The fee for the rest is now at most {now} {token}. You agreed to at most {agreed}.",
        "{Retry}: the wizard shows the new fee before it signs. Or come back when the fee is "
        "lower.",
        Kind.WAITING,
        money="{safe}",
    ),
    Entry(
        "FEE_IMPLAUSIBLE",
        "The fee is implausibly high",
        "The fee for the rest would be {now} {token}. On {network} the wizard signs at most "
        "{limit}.",
        "{Retry}, or set another endpoint as PEAQOS_RPC_URL: this one may be wrong.",
        Kind.WAITING,
        money="{safe}",
    ),
    Entry(
        "FEE_UNPAYABLE",
        "The wallet cannot pay the higher fee",
        "{purpose} is pending because the fee rose. It needs {needed} {token} now; the wallet "
        "holds {held}.",
        "Send {missing} {token} to {address}, or wait until the fee is lower. Then {retry}.",
        Kind.WAITING,
        money="It is paid once at most.",
    ),
    Entry(
        "CONTRACT_PAUSED",
        "The contract is paused",
        "{name}: the operators of the network have stopped it for now.",
        "Only they can release it, and nobody can register until then. Come back later and "
        "{retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "CONTRACT_REFUSED",
        "The contract refused: {name}",
        "{purpose} was tried without sending it, and would have failed: {reason}",
        "{Retry}. If it happens again, note the name above and ask for help.",
        Kind.NETWORK,
    ),
    Entry(
        "TRANSACTION_REVERTED",
        "The transaction failed on the network",
        "{purpose}: {reason}",
        "{Retry}. The wizard checks it again before it sends anything new.",
        Kind.NETWORK,
        money=GAS_ONLY,
    ),
    Entry(
        "TRANSACTION_LATE",
        "The network takes longer than usual",
        "{purpose} was sent {seconds} s ago and is not in a block yet.",
        "{Retry}, or come back later. The wizard keeps watching it, and never sends it twice.",
        Kind.WAITING,
        money="It was sent, and is paid once at most.",
    ),
    Entry(
        "FUNDS_MISSING",
        "The wallet's funds are missing for now",
        "{purpose} was sent, but the wallet lacks {missing} {token} for it. A reorganization of "
        "the network may have removed an earlier payment.",
        "The payment usually returns by itself. {Retry}, or come back later. "
        "If it is still missing after an hour, send {missing} {token} to {address}.",
        Kind.WAITING,
        money="The transaction is saved, and is paid once at most.",
    ),
    Entry(
        "TRANSACTION_DISPLACED",
        "Another program used this key",
        "The place of our transaction (number {nonce}) was taken by another one of this wallet.",
        "Stop the other program, then {retry}. The wizard first checks what that program did.",
        money="Ours was not executed.",
    ),
    Entry(
        "FOREIGN_PENDING",
        "Another transaction of this wallet is under way",
        "It was not sent by this wizard, and nothing is sent while it is open.",
        "Wait until it is finalized, then {retry}. If another program uses this key, stop it.",
    ),
    Entry(
        "READ_BACK_FAILED",
        "The network does not show what was written",
        "{what}: expected {expected}, found {found}.",
        "{Retry}. The wizard reads it again, and sends nothing before the two agree.",
        Kind.NETWORK,
        money=SAFE,
    ),
)
