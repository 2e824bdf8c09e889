"""Sources of the settings and the state directory: arguments, environment and .env."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from core.config.env_file import save_values
from core.config.settings import (
    NETWORK,
    EnvFile,
    Settings,
    load_settings,
    make_settings,
    read_env_file,
)
from core.errors.problem import OnboardingError, fault


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


def changed_settings(settings: Settings, values: dict[str, str]) -> Settings:
    """Save `values` to the .env of `settings` and return the settings read again.

    Raises OnboardingError (ENV_FILE_…).
    """
    save_values(settings.env_file, values)
    return load_settings(
        environ=os.environ, env_file=settings.env_file, network=settings.network.name
    )
