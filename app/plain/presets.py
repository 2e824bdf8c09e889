"""Which presets a run with `--no-input` lacks, found before a key is made or anything is paid."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

from app.answers import Answers
from core.chain.did import check_details
from core.errors.problem import OnboardingError, Problem, problem
from core.journal.next_action import Action
from core.journal.state import Details
from core.onboarding import Onboarding

DETAILS = ("documentation_url", "data_api", "data_visibility")


class Presets:
    """Compares the answers with what is still to be done. Asks no network."""

    def __init__(self, answers: Answers, engine: Onboarding, *, simulated_phone: bool) -> None:
        self._answers = answers
        self._state = engine.state
        self._settings = engine.settings
        self._action = engine.action
        self._simulated_phone = simulated_phone
        self._foreign_contracts = engine.contracts_to_accept
        keypair = engine.state.keypair
        way = keypair.way if keypair else answers.key or "generate"
        # Another key may belong to a wallet that is funded, or to a machine that is registered.
        self._new_wallet = way in ("generate", "generated")
        self._pays = self._new_wallet and engine.state.funded is None

    def missing(self) -> list[str]:
        """Return the options that have to be given. `--backup` is not among them where it is the
        only one: without it a run makes the key and stops, so that the key can be backed up.
        """
        given, state = self._answers, self._state
        found = [
            f"--{name.replace('_', '-')}"
            for name in DETAILS
            if state.details is None and not getattr(given, name)
        ]
        if state.keypair is None and not given.key:
            found.append("--key")
        if given.passphrase_file is None and self._action is not Action.FINISH:
            found.append("--passphrase-file")
        if self._needs_codes() and given.code_command is None and not self._simulated_phone:
            found.append("--code-command" if given.fund or state.way else "--fund")
        consent = self._consent()
        if consent:
            found.append(consent)
        if self._foreign_contracts:
            found.append("--accept-contracts")
        if found and state.backup is None and not given.backup:
            found.append("--backup")
        return found

    def unusable(self) -> list[Problem]:
        """Return what is wrong with the answers that were given."""
        given, state = self._answers, self._state
        found = [
            problem_
            for name in DETAILS
            if state.details is None and getattr(given, name)
            for problem_ in _wrong_detail(name, getattr(given, name))
        ]
        no_key = self._settings.private_key is None
        if state.keypair is None and given.key == "environment" and no_key:
            found.append(problem("PRIVATE_KEY_REQUIRED"))
        if state.keypair is None and given.key not in (None, "generate", "keep", "environment"):
            found += _missing_file(given.key or "")
        try:
            if self._action is not Action.FINISH:
                given.passphrase()
        except OnboardingError as error:
            found.append(error.problem)
        if self._pays and given.fund == "owner" and no_key:
            found.append(problem("OWNER_KEY_REQUIRED"))
        if self._needs_codes() and given.code_command is not None:
            found += _missing_command(given.code_command)
        return found

    def _needs_codes(self) -> bool:
        way = self._answers.fund or self._state.way
        if way is None and self._settings.gas_station_url:
            way = "gas-station"
        return self._pays and way == "gas-station"

    def _consent(self) -> str | None:
        """The option that consents to what is still to be signed."""
        given, state = self._answers, self._state
        real = self._settings.network.real_money
        loaded = state.keypair is None and given.key not in (None, "generate", "keep")
        if not given.yes and (loaded or (self._pays and given.fund == "owner" and not real)):
            return "--yes"
        if state.registered is None and self._new_wallet and given.accept_bond is None:
            if real:
                return "--accept-bond"
            return None if given.yes else "--yes"
        return None


def _wrong_detail(name: str, value: str) -> list[Problem]:
    found = check_details(replace(Details(), **{name: value}))
    return [one for one in found if one.code == f"{name.upper()}_INVALID"]


def _missing_file(text: str) -> list[Problem]:
    try:
        if Path(text).expanduser().exists():
            return []
    except (OSError, RuntimeError):
        pass
    return [problem("ANSWER_UNUSABLE", reason=f"--key: there is no file {text}.")]


def _missing_command(command: str) -> list[Problem]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if words and shutil.which(words[0]):
        return []
    why = f"there is no program {words[0]}" if words else "it is no command"
    return [problem("ANSWER_UNUSABLE", reason=f"--code-command: {why}.")]
