"""`peaq-onboard completion SHELL`: the script that completes commands, options and values."""

from __future__ import annotations

import argparse
import re

import shtab

from app.arguments import build_parser
from app.options import Options
from app.rehearsal.faults import FAULTS
from core.config.networks import NETWORKS
from core.errors.exit_codes import EXIT_DONE
from core.step import Step

SHELLS = ("bash", "zsh", "fish")
_VALUES = {
    "network": tuple(NETWORKS),
    "key": ("generate", "keep", "environment"),
    "fault": tuple(FAULTS),
    "step": tuple(step.slug for step in Step),
}
"""Values that the parser does not list, because its own explanation of a wrong one is better."""
_KEY_OR_FILE = {
    "bash": "_peaq_onboard_key_or_file",
    "zsh": f"{{compadd {' '.join(_VALUES['key'])}; _files}}",
    "fish": f"({'; '.join(f'echo {word}' for word in _VALUES['key'])}; "
    "__fish_complete_path (commandline -ct))",
}
_COMPLETERS = {
    "env_file": shtab.FILE,
    "key": _KEY_OR_FILE,
    "passphrase_file": shtab.FILE,
    "to": shtab.FILE,
    "state_dir": shtab.DIRECTORY,
}
_ZSH_VALUE = re.compile(r'^(  "\*?--[a-z-]+)(\[.*\]:)', re.MULTILINE)
_BASH_FUNCTIONS = f"""
_peaq_onboard_key_or_file() {{
  compgen -W '{" ".join(_VALUES["key"])}' -- "$1"
  compgen -f -- "$1"
}}
"""
_BASH_JOINED = """
# Bash splits `--option=value` into three words, of which shtab's function expects two.
_peaq_onboard() {
  local joined=("${COMP_WORDS[@]}") at=$COMP_CWORD number
  COMP_WORDS=() COMP_CWORD=$at
  for number in "${!joined[@]}"; do
    if [[ ${joined[number]} != = ]]; then
      COMP_WORDS+=("${joined[number]}")
    elif (( number == at )); then
      COMP_WORDS+=("")
    elif (( number < at )); then
      COMP_CWORD=$((COMP_CWORD - 1))
    fi
  done
  _shtab_peaq_onboard
}
complete -o bashdefault -F _peaq_onboard peaq-onboard
"""


def run_completion(options: Options) -> int:
    """Print the script for one of SHELLS."""
    print(script(options.shell))
    return EXIT_DONE


def script(shell: str) -> str:
    """Return the completion script for `shell`, one of SHELLS."""
    parser = build_parser()
    _complete_values(parser)
    made: str = shtab.complete(parser, shell)
    if shell == "zsh":
        made = _ZSH_VALUE.sub(r"\1=\2", made)  # `--option=value` and `--option value`
    if shell == "bash":
        made += _BASH_FUNCTIONS + _BASH_JOINED
    return made


def _complete_values(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_values(command)
            continue
        action.choices = _VALUES.get(action.dest, action.choices)
        if action.dest in _COMPLETERS:
            action.complete = _COMPLETERS[action.dest]  # type: ignore[attr-defined]
