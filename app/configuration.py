"""Where settings and the state directory come from: arguments, environment and .env."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from core.config.env_file import save_values
from core.config.settings import NETWORK, Settings, load_settings
from core.errors.problem import OnboardingError, fault


def state_folder(options: argparse.Namespace, network: str) -> Path:
    """`--state-dir` itself, or the network's folder below the user's state directory.

    Raises OnboardingError (STATE_FOLDER_UNUSABLE).
    """
    if options.state_dir is not None:
        try:
            return Path(options.state_dir).expanduser().absolute()
        except RuntimeError as error:
            raise fault("STATE_FOLDER_UNUSABLE", path=options.state_dir, reason=error) from error
    from platformdirs import user_state_path

    return user_state_path("peaq-onboard") / network


def read_settings(options: argparse.Namespace, overrides: dict[str, str] | None = None) -> Settings:
    """The settings of the command line, the environment and .env.

    Raises OnboardingError where it is not even known which network is meant (VARIABLE_INVALID,
    ENV_FILE_UNSAFE), or where .env is (ENV_FILE_UNREADABLE); all other faults are listed in them.
    """
    try:
        env_file = options.env_file.expanduser().absolute()
    except RuntimeError as error:
        raise fault("ENV_FILE_UNREADABLE", path=options.env_file, reason=error) from error
    settings = load_settings(
        environ=os.environ, env_file=env_file, network=options.network, overrides=overrides
    )
    for found in settings.problems:
        if found.code == "ENV_FILE_UNSAFE" or found.params.get("variable") == NETWORK:
            raise OnboardingError(found)
    return settings


def changed_settings(settings: Settings, values: dict[str, str]) -> Settings:
    """Saves `values` to the .env of `settings` and reads everything again.

    Raises OnboardingError (ENV_FILE_…).
    """
    save_values(settings.env_file, values)
    return load_settings(
        environ=os.environ, env_file=settings.env_file, network=settings.network.name
    )
