"""`peaq-onboard renew`: pay for one more period of an activated machine, exactly once."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from app.answers import Answers, MissingAnswer
from app.configuration import read_settings, state_folder, with_recorded_protocol
from app.options import Options
from core.amounts import format_peaq
from core.clock import SystemClock
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING
from core.errors.problem import fault
from core.journal.activation_narrative import day_of
from core.journal.file import FILE_NAME, read_records
from core.journal.reducer import fold
from core.onboarding import Onboarding
from core.session import open_session

if TYPE_CHECKING:
    from app.plain.console import Console
    from core.protocols.activation.renewal import RenewalQuote

DUE_WITHIN = 7 * 86400
"""Seconds before the end of the paid period from which `--no-input` renews: a timer may run the
command every day."""


def run_renew(options: Options) -> int:
    """Show the price, ask for consent, renew; return 0, also if there is nothing to pay.

    Raises OnboardingError: MACHINE_NOT_ACTIVATED, SUBSCRIPTION_ENDED, MACHINE_TAKEN,
    QUOTE_NOT_ACCEPTED, INSUFFICIENT_BALANCE, KEYSTORE_…, FEE_…, TRANSACTION_…, RPC_…,
    STATE_FOLDER_LOCKED while a wizard runs.
    """
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder, clock = state_folder(options.state_dir, settings.network.name), SystemClock()
    settings = with_recorded_protocol(settings, folder)
    activation = fold(read_records(folder / FILE_NAME)).activation
    if activation is None or activation.activated is None:
        raise fault("MACHINE_NOT_ACTIVATED", path=folder)
    session = open_session(folder, settings, clock)
    for warning in session.warnings:
        print(warning, file=sys.stderr)
    from app.version import installed_version

    engine = Onboarding(session, settings, clock, version=installed_version())
    return asyncio.run(_renew(engine, options.answers))


async def _renew(engine: Onboarding, answers: Answers) -> int:
    from app.plain.console import Console
    from app.plain.prompts import NotAgreed

    console = Console(no_input=answers.no_input)
    engine.session.store.listener = console
    try:
        return await _quote_and_renew(engine, answers, console)
    except MissingAnswer as missing:
        console.say(f"{missing} is missing. With --no-input, the command does not ask.")
    except NotAgreed:
        console.say("You did not agree, so nothing was paid.")
    except EOFError:
        console.say("\nThe input ended, so nothing was paid.")
    finally:
        await engine.close()
    return EXIT_STOPPED


async def _quote_and_renew(engine: Onboarding, answers: Answers, console: Console) -> int:
    from app.plain.keypair import KeyPrompts

    keys = KeyPrompts(engine, answers, console)
    recorded = _paid_until(engine)
    pending = engine.state.open_transactions
    if answers.no_input and not pending and recorded - engine.clock.now().timestamp() > DUE_WITHIN:
        console.result(
            f"Paid until {day_of(recorded)}. With --no-input, the command renews in the last "
            f"{DUE_WITHIN // 86400} days only."
        )
        return EXIT_DONE
    if pending:
        await keys.unlock()  # so that a stuck transaction can be given a higher fee
    quote = await engine.quote_renewal(accepted=answers.accept_bond)
    if _paid_until(engine) != recorded:
        # An interrupted run has paid, or another wallet: nobody wants to pay for that twice.
        console.result(f"The machine is renewed: paid until {day_of(_paid_until(engine))}.")
        return EXIT_DONE
    _show(quote, engine, console)
    if answers.accept_bond is None:
        keys.consent("Renew?", word="renew", option="--accept-bond")
    await keys.unlock()
    if not await engine.renew(agreed_bond=quote.bond, agreed_price=quote.price):
        console.say(
            "A reorganization removed the transaction. Run the command again: it sends the same "
            "transaction, and pays once."
        )
        return EXIT_WAITING
    console.result(f"Renewed. Paid until {day_of(_paid_until(engine))}.")
    return EXIT_DONE


def _paid_until(engine: Onboarding) -> int:
    """Return the recorded end of the paid period, in POSIX seconds."""
    activation = engine.state.activation
    return (activation.renew_before if activation else None) or 0


def _show(quote: RenewalQuote, engine: Onboarding, console: Console) -> None:
    token = engine.settings.network.token
    reward = f", bonding reward {format_peaq(quote.terms.credit)}" if quote.terms.credit else ""
    console.say(f"peaqID did:peaq:{quote.machine_id}")
    console.say(f"paid until {day_of(quote.period_end)}, after this until {day_of(quote.next_end)}")
    console.say(
        f"bond {format_peaq(quote.terms.bond, up=True)}{reward}, to pay "
        f"{format_peaq(quote.bond, up=True)} {token}, maximum fee "
        f"{format_peaq(quote.fee, up=True)}"
    )
