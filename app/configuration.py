"""Sources of the settings and the state directory: arguments, environment and .env."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.config.deployments import choose_protocol, deployment_of
from core.config.env_file import save_values
from core.config.settings import (
    DEPLOYMENT_ID,
    NETWORK,
    EnvFile,
    Settings,
    load_settings,
    make_settings,
    read_env_file,
)
from core.errors.problem import OnboardingError, fault
from core.journal.file import FILE_NAME, protocol_of


def state_folder(state_dir: Path | None, network: str) -> Path:
    """Return `state_dir` itself, or the network's directory below the user's state directory.

    Raises OnboardingError (STATE_FOLDER_UNUSABLE).
    """
    if state_dir is not None:
        try:
            return state_dir.expanduser().absolute()
        except RuntimeError as error:
            raise fault("STATE_FOLDER_UNUSABLE", path=state_dir, reason=error) from error
    from platformdirs import user_state_path

    return user_state_path("peaq-onboard") / network


def usable_env_file(path: Path, *, required: bool) -> EnvFile:
    """Read the .env file at `path`, which may be missing unless it is `required`.

    Raise OnboardingError: ENV_FILE_UNSAFE, and ENV_FILE_UNREADABLE if the file is required or has
    no path. Without it, an unreadable file is one of the problems of the settings.
    """
    try:
        path = path.expanduser().absolute()
    except RuntimeError as error:
        raise fault("ENV_FILE_UNREADABLE", path=path, reason=error) from error
    env_file = read_env_file(path, required=required)
    found = env_file.problem
    if found and (required or found.code == "ENV_FILE_UNSAFE"):
        raise OnboardingError(found)
    return env_file


def settings_of(
    env_file: EnvFile, network: str | None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings from the command line, the environment and `env_file`.

    Raises OnboardingError (VARIABLE_INVALID) if the network itself is unknown; the settings list
    all other faults.
    """
    settings = make_settings(env_file, environ=os.environ, network=network, overrides=overrides)
    unknown = settings.problem_of(NETWORK)
    if unknown:
        raise OnboardingError(unknown)
    return settings


def read_settings(env_file: Path, network: str | None, *, required: bool) -> Settings:
    """Call `usable_env_file`, then `settings_of`. Raises what they raise."""
    return settings_of(usable_env_file(env_file, required=required), network)


def with_protocol(settings: Settings, option: str | None, folder: Path) -> Settings:
    """Return `settings` for the protocol of this run: that of --protocol (`option`), of
    PEAQOS_DEPLOYMENT_ID, of the journal in `folder`, or the guide's, in this order.

    Raises OnboardingError: PROTOCOL_MISMATCH (a journal has one protocol), DEPLOYMENT_….
    """
    deployment_id = settings.values[DEPLOYMENT_ID]
    journal = protocol_of(folder / FILE_NAME)
    if choose_protocol(option, deployment_id, journal) == "guide":
        return settings
    return replace(settings, deployment=deployment_of(settings.network, deployment_id))


def with_recorded_protocol(settings: Settings, folder: Path) -> Settings:
    """Return `settings` for the protocol of the journal in `folder`; without a journal, for the
    one that the variables choose. Raises OnboardingError (DEPLOYMENT_…).
    """
    return with_protocol(settings, protocol_of(folder / FILE_NAME), folder)


def changed_settings(settings: Settings, values: dict[str, str]) -> Settings:
    """Save `values` to the .env of `settings` and return the settings read again.

    Raises OnboardingError (ENV_FILE_…).
    """
    save_values(settings.env_file, values)
    read = load_settings(
        environ=os.environ, env_file=settings.env_file, network=settings.network.name
    )
    return replace(read, deployment=settings.deployment)
