"""Compiles the contracts written here: `python -m app.rehearsal.compile_contracts`.

For developers only; it needs vyper, which the program itself does not. The results are
committed beside the sources, and a test compiles again and compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).parent / "contracts"


def sources() -> list[Path]:
    """The rehearsal's contracts."""
    return sorted(CONTRACTS.glob("*.vy"))


def target(source: Path) -> Path:
    """Where the result lies."""
    return source.with_suffix(".json")


def compile_source(source: Path) -> dict[str, Any]:
    """The artifact of one Vyper file: ABI and runtime bytecode, and what made them."""
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
    """The file text of an artifact, stable from one run to the next."""
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Writes the JSON file of every contract."""
    for source in sources():
        target(source).write_text(render(compile_source(source)), encoding="utf-8")
        print(target(source).name)


if __name__ == "__main__":
    main()
