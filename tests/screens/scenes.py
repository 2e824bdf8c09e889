"""What is looked at: every screen in its states, each reached as a technician reaches it."""

from __future__ import annotations

from core.config.settings import PRIVATE_KEY
from core.journal.next_action import Action
from screens.widgets.choice import Choice
from tests.screens.driver import Technician
from tests.screens.plays import Play, Scene, as_it_is, fault, stage_of, then, waiting
from tests.screens.stage import Stage

PEAQ = 10**18


async def fresh_code(technician: Technician) -> None:
    await technician.code()


async def wrong_code(technician: Technician) -> None:
    await technician.code(technician.machine.old_code())


async def used_code(technician: Technician) -> None:
    await technician.code(technician.machine.codes[-1])
    await technician.sees("already used")


async def enter(technician: Technician) -> None:
    await technician.press("enter")


async def renew(technician: Technician) -> None:
    await technician.press("f5")


# 1 Environment


async def list_is_green(technician: Technician) -> None:
    await technician.sees("All checks passed.")


async def list_is_red(technician: Technician) -> None:
    await technician.sees("1 problem to fix")


async def list_is_amber(technician: Technician) -> None:
    await technician.sees("All required checks")


async def list_fills_in(technician: Technician) -> None:
    await technician.until(lambda: "✓ State directory" in technician.text, "the first lines")


async def bad_url(technician: Technician) -> None:
    await technician.sees("All checks passed.")
    await technician.fill("#documentation-url", "docs.example.com/arm-7")
    await technician.fill("#data-api", "https://api.example.com/arm-7")
    await technician.press("enter")
    await technician.reads_problem("DOCUMENTATION_URL_INVALID")


async def settings_open(technician: Technician) -> None:
    await technician.sees("to fix before")
    await technician.press("f2")
    await technician.until(lambda: technician.place == "SettingsScreen", "the settings")


def help_open(words: str) -> Play:
    async def play(technician: Technician) -> None:
        await technician.press("f1")
        await technician.until(lambda: technician.place == "HelpScreen", "help")
        await technician.sees(words)

    return play


# 2 Keypair


def chosen(letter: str) -> Play:
    async def play(technician: Technician) -> None:
        way = technician.app.screen.query_one("#way", Choice)
        technician.app.screen.set_focus(way)
        await technician.press(letter)

    return play


async def two_passphrases(technician: Technician) -> None:
    await technician.passphrase("correct horse 1", "correct horse 2")
    await technician.reads_problem("PASSPHRASES_DIFFER")


async def short_passphrase(technician: Technician) -> None:
    await technician.passphrase("short")
    await technician.until(lambda: technician.place == "ConsentScreen", "the question")


async def brought_key(technician: Technician) -> None:
    await chosen("i")(technician)
    await technician.fill("#private-key", "4c" * 32)
    await technician.passphrase()
    await technician.until(lambda: technician.place == "ConsentScreen", "the question")


async def wrong_passphrase(technician: Technician) -> None:
    await technician.fill("#passphrase", "not the passphrase")
    await technician.press("enter")
    await technician.reads_problem("PASSPHRASE_WRONG")


def backup(way: str, place: str = "") -> Play:
    async def play(technician: Technician) -> None:
        technician.app.screen.query_one("#backup", Choice).value = way
        await technician.press("enter")
        await technician.until(lambda: technician.place == place, place)

    return play


async def enrolment_failed(technician: Technician) -> None:
    await technician.until(lambda: technician.card, "a card")


# 5 Fund, 6 Register, 7 Machine NFT and DID


def with_owner(stage: Stage) -> None:
    stage.environ[PRIVATE_KEY] = stage.network.owner_key
    stage.way = "owner"


def activating(stage: Stage) -> None:
    stage.protocol = "activation"


async def tiers_shown(technician: Technician) -> None:
    await technician.sees("Up Down choose")


async def described(technician: Technician) -> None:
    await technician.fill("#machine-type", "robot-arm")
    await technician.fill("#subject", "0x" + "0123456789abcdef" * 4)
    await technician.sees("did:peaq:")


async def bad_manufacturer(technician: Technician) -> None:
    await described(technician)
    await technician.fill("#manufacturer", "0x12")
    await technician.press("enter")
    await technician.reads_problem("MANUFACTURER_INVALID")


async def price_shown(technician: Technician) -> None:
    await technician.sees("Enter sign and activate")


def real_money(stage: Stage) -> None:
    stage.real_money = True


async def quoted(technician: Technician) -> None:
    await technician.sees("Enter sign and register")


async def asked_to_agree(technician: Technician) -> None:
    await quoted(technician)
    await technician.press("enter")
    await technician.until(lambda: technician.place == "ConsentScreen", "the question")


async def asked_for_passphrase(technician: Technician) -> None:
    await quoted(technician)
    await technician.press("enter")
    await technician.until(lambda: technician.place == "UnlockScreen", "the passphrase")


async def passphrase_refused(technician: Technician) -> None:
    await asked_for_passphrase(technician)
    await technician.paste("not the passphrase")
    await technician.press("enter")
    await technician.until(
        lambda: technician.place == "UnlockScreen" and not technician.app.busy, "refused"
    )
    await technician.pilot.pause()


async def sent_and_unseen(technician: Technician) -> None:
    """Sent, and in no block for eight seconds."""
    stage = stage_of(technician)
    if technician.place == "RegistrationScreen":
        await quoted(technician)
    stage.unseen, stage.time.standing = True, True
    await technician.press("enter")
    await technician.until(lambda: technician.app.wait, "a wait")
    await technician.until(lambda: technician.state.open_transactions, "it to be sent")
    stage.clock.advance(1)
    stage.clock.advance(7)
    await technician.sees("8 s")


async def late(technician: Technician) -> None:
    """Sent, and in no block until the patience is over."""
    await quoted(technician)
    stage_of(technician).unseen = True
    await technician.press("enter")
    await technician.reads_problem("TRANSACTION_LATE")


async def paused(technician: Technician) -> None:
    await quoted(technician)
    technician.machine.network.pause(True)
    await technician.press("enter")
    await technician.reads_problem("CONTRACT_PAUSED")


async def bond_rose(technician: Technician) -> None:
    await quoted(technician)
    technician.machine.network.set_min_bond(105 * PEAQ // 100)
    await technician.press("enter")
    await technician.reads_problem("BOND_CHANGED")


async def some_arrived(technician: Technician) -> None:
    await technician.press("f3")
    await technician.sees("Send 1.1")
    technician.machine.network.send(technician.machine.address, PEAQ // 10)
    technician.machine.clock.advance(3)
    await technician.sees("0.1 PEAQ arrived")


async def half_written(technician: Technician) -> None:
    technician.machine.network.fault("rpc-down")
    await technician.press("enter")
    await technician.reads_problem("RPC_UNREACHABLE")


async def receipt_shown(technician: Technician) -> None:
    await technician.sees("The machine is onboarded")


async def welcome_back(technician: Technician) -> None:
    await technician.until(lambda: technician.place == "ResumeScreen" and technician.card, "a card")


A = Action
SCENES = [
    Scene("1-environment", A.CHECK_ENVIRONMENT, list_is_green),
    Scene("1-environment-rehearsal", A.CHECK_ENVIRONMENT, list_is_green, pretend=True),
    Scene(
        "1-environment-checking",
        A.CHECK_ENVIRONMENT,
        list_fills_in,
        lambda stage: setattr(stage, "held", "/"),
    ),
    Scene(
        "1-environment-amber",
        A.CHECK_ENVIRONMENT,
        list_is_amber,
        lambda stage: stage.network.fault("gas-station-html"),
    ),
    Scene(
        "1-environment-red",
        A.CHECK_ENVIRONMENT,
        list_is_red,
        lambda stage: stage.network.fault("rpc-html"),
    ),
    Scene("1-environment-bad-url", A.CHECK_ENVIRONMENT, bad_url),
    Scene(
        "1-environment-settings",
        A.CHECK_ENVIRONMENT,
        settings_open,
        lambda stage: stage.environ.update(MACHINE_NFT_ADDRESS="0x123"),
    ),
    Scene("2-keypair", A.CREATE_KEYPAIR, as_it_is),
    Scene("2-keypair-import", A.CREATE_KEYPAIR, chosen("i")),
    Scene("2-keypair-differ", A.CREATE_KEYPAIR, two_passphrases),
    Scene("2-keypair-short", A.CREATE_KEYPAIR, short_passphrase),
    Scene("2-keypair-is-it-right", A.CREATE_KEYPAIR, brought_key),
    Scene("2-keypair-there", A.CREATE_KEYPAIR, as_it_is, Stage.with_key),
    Scene("2-keypair-wrong", A.CREATE_KEYPAIR, wrong_passphrase, Stage.with_key),
    Scene("2-backup", A.BACK_UP_KEYPAIR, as_it_is),
    Scene("2-backup-chosen", A.BACK_UP_KEYPAIR, then("down", sees="Enter continue")),
    Scene("2-backup-none", A.BACK_UP_KEYPAIR, backup("none", "ConsentScreen")),
    Scene("2-backup-reveal", A.BACK_UP_KEYPAIR, backup("revealed", "RevealScreen")),
    Scene("2-backup-env", A.BACK_UP_KEYPAIR, then("f12", sees="Write the private key")),
    Scene("3-enrolment", A.ENROL, then(sees="Or enter this secret")),
    Scene(
        "3-enrolment-waiting", A.ENROL, waiting("/2fa/setup", renew, sees="Requesting 2FA setup")
    ),
    Scene("3-enrolment-failed", A.ENROL, fault("qr-failed", renew, code="QR_GENERATION_FAILED")),
    Scene(
        "3-enrolment-none",
        A.ENROL,
        enrolment_failed,
        meanwhile=lambda stage: stage.network.fault("gas-station-down"),
    ),
    Scene("4-confirmation", A.CONFIRM, as_it_is),
    Scene(
        "4-confirmation-rehearsal", A.CONFIRM, then(sees="Simulated authenticator"), pretend=True
    ),
    Scene(
        "4-confirmation-waiting",
        A.CONFIRM,
        waiting("/2fa/confirm", fresh_code, sees="Checking the code"),
    ),
    Scene("4-confirmation-mistyped", A.CONFIRM, fault("locked", wrong_code, code="CODE_MISTYPED")),
    Scene(
        "4-confirmation-refused", A.CONFIRM, fault("invalid-code", fresh_code, code="INVALID_2FA")
    ),
    Scene("4-confirmation-locked", A.CONFIRM, fault("locked", fresh_code, code="2FA_LOCKED")),
    Scene("5-funding", A.FUND, as_it_is),
    Scene("5-funding-rehearsal", A.FUND, then(sees="Simulated authenticator"), pretend=True),
    Scene("5-funding-used-code", A.FUND, used_code),
    Scene("5-funding-waiting", A.FUND, waiting("/faucet", fresh_code, sees="4 s")),
    Scene(
        "5-funding-rate-limited",
        A.FUND,
        fault("rate-limited", fresh_code, code="RATE_LIMITED"),
    ),
    Scene("5-funding-cap", A.FUND, fault("owner-cap", fresh_code, code="CAP_EXCEEDED_OWNER")),
    Scene(
        "5-funding-too-little",
        A.FUND,
        fault("skipped-but-poor", fresh_code, code="SKIPPED_BUT_POOR"),
    ),
    Scene(
        "5-funding-lost-answer",
        A.FUND,
        fault("gas-station-down", fresh_code, code="GAS_STATION_NO_ANSWER"),
    ),
    Scene("5-funding-by-hand", A.FUND, some_arrived),
    Scene("5-funding-by-hand-rehearsal", A.FUND, some_arrived, pretend=True),
    Scene("5-funding-qr", A.FUND, then("f3", "f4", sees="Esc back")),
    Scene("5-funding-owner", A.FUND, then("enter", sees="Send from the owner"), with_owner),
    Scene("6-registration", A.REGISTER, quoted),
    Scene("6-registration-mainnet", A.REGISTER, quoted, real_money),
    Scene("6-registration-agree", A.REGISTER, asked_to_agree, real_money),
    Scene("6-registration-unlock", A.REGISTER, asked_for_passphrase, again=True),
    Scene("6-registration-wrong", A.REGISTER, passphrase_refused, again=True),
    Scene("6-registration-waiting", A.REGISTER, sent_and_unseen),
    Scene("6-registration-late", A.REGISTER, late),
    Scene("6-registration-paused", A.REGISTER, paused),
    Scene("6-registration-bond", A.REGISTER, bond_rose),
    Scene("7-machine-nft", A.MINT, as_it_is),
    Scene(
        "7-machine-nft-already",
        A.REGISTER,
        then(sees="already machine"),
        meanwhile=lambda stage: stage.network.fault("already-registered", 1),
    ),
    Scene("7-machine-nft-waiting", A.MINT, sent_and_unseen),
    Scene("7-machine-nft-half", A.WRITE_DID, half_written),
    Scene("8-receipt", A.NOTHING, receipt_shown),
    Scene("a5-tier", A.CHOOSE_TIER, tiers_shown, activating),
    Scene("a6-identity", A.DESCRIBE, described, activating),
    Scene("a6-identity-invalid", A.DESCRIBE, bad_manufacturer, activating),
    Scene("a6-activation", A.ACTIVATE, price_shown, activating),
    Scene("a6-activation-waiting", A.ACTIVATE, sent_and_unseen, activating),
    Scene("a8-receipt", A.NOTHING, receipt_shown, activating),
    Scene(
        "9-welcome-back",
        A.REGISTER,
        welcome_back,
        meanwhile=lambda stage: stage.network.fault("rpc-down"),
        again=True,
    ),
    *(
        Scene(f"help-{action.step.value}", action, help_open("Esc closes this"))
        for action in (A.CHECK_ENVIRONMENT, A.CREATE_KEYPAIR, A.ENROL, A.CONFIRM, A.FUND)
        if action.step
    ),
    Scene("help-6", A.REGISTER, help_open("Esc closes this")),
    Scene("help-7", A.MINT, help_open("Esc closes this")),
]
