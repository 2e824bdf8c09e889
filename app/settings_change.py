"""Corrected variables: into .env, and into force."""

from __future__ import annotations

import os

from core.config.env_file import save_values
from core.config.settings import Settings, load_settings


def changed_settings(settings: Settings, values: dict[str, str]) -> Settings:
    """Saves `values` to the .env of `settings` and reads everything again.

    Raises OnboardingError (ENV_FILE_…).
    """
    save_values(settings.env_file, values)
    return load_settings(
        environ=os.environ, env_file=settings.env_file, network=settings.network.name
    )
