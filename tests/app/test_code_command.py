"""--code-command: what it gets, what it may print, and that nothing of it stays behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.answers import Answers
from core.errors.problem import OnboardingError
from core.secrets import Secret
from tests.support.processes import alive, wait_for


def test_the_code_command_gets_the_uri_on_stdin_and_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key in the environment of a child would be a key handed on."""
    monkeypatch.setenv("PEAQOS_PRIVATE_KEY", "0x" + "11" * 32)
    script = tmp_path / "authenticator.py"
    script.write_text(
        "import json, os, sys\n"
        "seen = {'stdin': sys.stdin.read(), 'key': os.environ.get('PEAQOS_PRIVATE_KEY')}\n"
        f"open({str(tmp_path / 'seen')!r}, 'w').write(json.dumps(seen))\n"
        "print(' 123456 ')\n"
    )
    answers = Answers(code_command=f"{sys.executable} {script}")
    assert answers.code(Secret("otpauth://totp/x?secret=ABC")) == "123456"
    seen = json.loads((tmp_path / "seen").read_text())
    assert seen == {"stdin": "otpauth://totp/x?secret=ABC\n", "key": None}


@pytest.mark.parametrize("command", ["false", "no-such-command-here", "'", ""])
def test_a_code_command_that_fails_says_so(command: str) -> None:
    with pytest.raises(OnboardingError) as refused:
        Answers(code_command=command).code()
    assert "--code-command" in refused.value.problem.cause


def test_endless_output_of_a_code_command_is_cut_and_the_command_killed(tmp_path: Path) -> None:
    script = tmp_path / "endless"
    script.write_text(f"sleep 600 & echo $$ $! > {tmp_path}/pids\nyes 123456\n")
    with pytest.raises(OnboardingError) as refused:
        Answers(code_command=f"sh {script}").code()
    assert refused.value.code == "ANSWER_UNUSABLE"
    assert "--code-command printed more than 4096 bytes" in refused.value.problem.cause
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    wait_for(lambda: not any(alive(pid) for pid in pids))


def test_a_code_command_that_never_ends_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.code_command.SECONDS", 1.0)
    script = tmp_path / "endless"
    script.write_text(f"sleep 600 & echo $$ $! > {tmp_path}/pids\necho 123456\nwait\n")
    with pytest.raises(OnboardingError) as refused:
        Answers(code_command=f"sh {script}").code()
    assert "--code-command took longer than 1 s" in refused.value.problem.cause
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    wait_for(lambda: not any(alive(pid) for pid in pids))


def test_a_child_that_keeps_the_output_open_does_not_hold_up_the_code(tmp_path: Path) -> None:
    script = tmp_path / "leaves-a-child"
    script.write_text("sleep 600 &\necho 123456\n")
    assert Answers(code_command=f"sh {script}").code() == "123456"
