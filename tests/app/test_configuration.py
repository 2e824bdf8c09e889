"""Corrected variables: in .env for this user only, and in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.configuration import changed_settings
from core.config.settings import load_settings
from core.errors.problem import OnboardingError


def test_a_correction_is_saved_and_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PEAQOS_RPC_URL", "PEAQOS_MCR_API_URL", "PEAQOS_NETWORK"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / ".env"
    path.write_text("# ours\nPEAQOS_RPC_URL=nonsense\nOTHER=1\n")
    path.chmod(0o644)
    settings = load_settings(environ={}, env_file=path, network="agung")
    assert settings.problems
    changed = changed_settings(settings, {"PEAQOS_RPC_URL": "https://node.example"})
    assert changed.usable
    assert changed.rpc_url == "https://node.example"
    assert changed.network.name == "agung", "the network of the command line is forgotten"
    assert path.read_text() == "# ours\nPEAQOS_RPC_URL=https://node.example\nOTHER=1\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_is_said_and_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "missing" / ".env"
    settings = load_settings(environ={}, env_file=path)
    with pytest.raises(OnboardingError) as refused:
        changed_settings(settings, {"PEAQOS_RPC_URL": "https://node.example"})
    assert refused.value.code == "ENV_FILE_UNWRITABLE"
    assert not path.exists()
