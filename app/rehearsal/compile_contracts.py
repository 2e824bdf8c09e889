"""Compile the rehearsal contracts: `python -m app.rehearsal.compile_contracts`.

For maintainers only. Needs vyper from requirements-contracts.lock in a separate environment; the
program and its tests do not. The results are committed beside the sources. With --check it changes
nothing, names results that differ from their source, and exits with 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).parent / "contracts"


def sources() -> list[Path]:
    """Return the sources of the rehearsal contracts."""
    return sorted(CONTRACTS.glob("*.vy"))


def target(source: Path) -> Path:
    """Return the path of the compiled contract."""
    return source.with_suffix(".json")


def compile_source(source: Path) -> dict[str, Any]:
    """Return the artifact of one Vyper file: ABI, runtime bytecode, and compiler."""
    import vyper
    from vyper import compile_code

    output = compile_code(
        source.read_text(encoding="utf-8"),
        contract_path=source.name,
        output_formats=["abi", "bytecode_runtime"],
    )
    return {
        "compiler": f"vyper {vyper.__version__}",
        "abi": output["abi"],
        "runtime": output["bytecode_runtime"],
    }


def render(artifact: dict[str, Any]) -> str:
    """Return the file content of an artifact, identical in every run."""
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the JSON file of every contract, or compare it (--check); return the exit code."""
    stale = []
    for source in sources():
        made, path = render(compile_source(source)), target(source)
        if "--check" not in arguments:
            path.write_text(made, encoding="utf-8")
            print(path.name)
        elif not path.exists() or path.read_text(encoding="utf-8") != made:
            stale.append(path.name)
            print(f"{path.name}: not what {source.name} compiles to")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
