"""Settings from the environment and .env, with a problem for each unusable variable.

Reading is cheap and never fails: `problems` lists the faults, so that the first screen can show
them all at once.
"""

from __future__ import annotations

import io
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.config.deployments import Deployment
from core.config.networks import CONTRACT_VARIABLES, NETWORKS, Contracts, Network, find_network
from core.errors.problem import Problem, problem
from core.secrets import Secret
from core.storage.file_trust import UntrustedFile, read_trusted

RPC_URL = "PEAQOS_RPC_URL"
FALLBACKS = "PEAQOS_RPC_FALLBACK_URLS"
GAS_STATION_URL = "PEAQOS_GAS_STATION_URL"
MCR_URL = "PEAQOS_MCR_API_URL"
PRIVATE_KEY = "PEAQOS_PRIVATE_KEY"
NETWORK = "PEAQOS_NETWORK"
DEPLOYMENT_ID = "PEAQOS_DEPLOYMENT_ID"

VARIABLES: tuple[str, ...] = (
    RPC_URL,
    *CONTRACT_VARIABLES,
    GAS_STATION_URL,
    MCR_URL,
    FALLBACKS,
    NETWORK,
    DEPLOYMENT_ID,
    PRIVATE_KEY,
)

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
ENV_FILE_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Settings:
    network: Network
    rpc_url: str
    fallback_urls: tuple[str, ...]
    contracts: Contracts
    gas_station_url: str | None
    mcr_url: str | None
    private_key: Secret | None
    env_file: Path
    values: Mapping[str, str]
    """Effective values by variable, defaults included; never the private key."""
    sources: Mapping[str, str]
    """The source of each value: `environment`, `.env` or `default`."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    deployment: Deployment | None = None
    """The activation contracts; None if the protocol is the guide's."""

    @property
    def protocol(self) -> str:
        """The chosen protocol: `guide` or `activation`."""
        return "activation" if self.deployment else "guide"

    @property
    def usable(self) -> bool:
        return not self.problems

    def contract_mark(self, address: str) -> str:
        """Return the remark to show beside the contract at `address`; empty if all contracts are
        the network's.
        """
        others = self.foreign_contracts
        if address.lower() in (one.lower() for one in others.values()):
            return "not the network's own contract"
        return f"not the network's own: {', '.join(others)}" if others else ""

    @property
    def foreign_contracts(self) -> dict[str, str]:
        """Return variable and address of each contract that is not the network's own. None under
        activation, which calls no contract that a variable can set.
        """
        if self.deployment is not None:
            return {}
        own, used = self.network.contracts.as_dict(), self.contracts.as_dict()
        return {
            variable: used[name]
            for variable, name in CONTRACT_VARIABLES.items()
            if used[name].lower() != own[name].lower()
        }

    def problem_of(self, variable: str) -> Problem | None:
        return next((p for p in self.problems if p.params.get("variable") == variable), None)


@dataclass(frozen=True)
class EnvFile:
    """A .env file, read once."""

    path: Path
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: Problem | None = None
    """Why the file cannot be used."""
    exposed: bool = False
    """True if other users can read it."""


def load_settings(
    *,
    environ: Mapping[str, str],
    env_file: Path,
    network: str | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """Read the file at `env_file` and make the settings. Never raises: see `Settings.problems`."""
    return make_settings(
        read_env_file(env_file), environ=environ, network=network, overrides=overrides
    )


def make_settings(
    env_file: EnvFile,
    *,
    environ: Mapping[str, str],
    network: str | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """Make settings from the process environment, then `env_file`, then the network's defaults.

    `network` (the command line) takes precedence over PEAQOS_NETWORK, and `overrides` over
    everything (the endpoints of the embedded rehearsal network). Never raises: see
    `Settings.problems`.
    """
    problems = [env_file.problem] if env_file.problem else []
    sources: dict[str, str] = {}

    def value_of(variable: str) -> str:
        for source, place in (
            ("rehearsal", overrides or {}),
            ("environment", environ),
            (".env", env_file.values),
        ):
            text = place.get(variable, "").strip()
            if text:
                sources[variable] = source
                return text
        return ""

    named = network or value_of(NETWORK) or "mainnet"
    try:
        chosen = find_network(named)
    except ValueError as error:
        problems.append(problem("VARIABLE_INVALID", variable=NETWORK, reason=error))
        chosen = find_network("mainnet")

    values: dict[str, str] = {NETWORK: chosen.name, DEPLOYMENT_ID: value_of(DEPLOYMENT_ID)}
    for variable, default in (
        (RPC_URL, chosen.rpc_url),
        (GAS_STATION_URL, chosen.gas_station_url),
        (MCR_URL, chosen.mcr_url),
    ):
        text = value_of(variable)
        if not text and default:
            text = default
            sources[variable] = "default"
        if text:
            reason = url_fault(text)
            if reason:
                problems.append(problem("VARIABLE_INVALID", variable=variable, reason=reason))
        elif variable == RPC_URL:
            problems.append(problem("VARIABLE_MISSING", variable=variable))
        values[variable] = text.rstrip("/") if variable != RPC_URL else text

    fallbacks = tuple(part.strip() for part in value_of(FALLBACKS).split(",") if part.strip())
    for url in fallbacks:
        reason = url_fault(url)
        if reason:
            problems.append(problem("VARIABLE_INVALID", variable=FALLBACKS, reason=reason))
            fallbacks = ()
            break
    if not fallbacks and values[RPC_URL] in chosen.public_rpc_urls:
        fallbacks = tuple(url for url in chosen.public_rpc_urls if url != values[RPC_URL])
    values[FALLBACKS] = ",".join(fallbacks)

    addresses: dict[str, str] = {}
    for variable, name in CONTRACT_VARIABLES.items():
        text = value_of(variable)
        if text:
            reason = address_fault(text)
            if reason:
                problems.append(problem("VARIABLE_INVALID", variable=variable, reason=reason))
            else:
                text = _checksummed(text)
        else:
            text = getattr(chosen.contracts, name)
            sources[variable] = "default"
        addresses[name] = values[variable] = text
    if not problems:
        problems += _twins(values, sources)

    key = value_of(PRIVATE_KEY)
    return Settings(
        network=chosen,
        rpc_url=values[RPC_URL],
        fallback_urls=fallbacks,
        contracts=Contracts(**addresses),
        gas_station_url=values[GAS_STATION_URL] or None,
        mcr_url=values[MCR_URL] or None,
        private_key=Secret(key) if key else None,
        env_file=env_file.path,
        values=values,
        sources=sources,
        problems=tuple(problems),
        warnings=(f"other users can read it; run chmod 600 {env_file.path}",)
        if env_file.exposed
        else (),
    )


def _twins(values: Mapping[str, str], sources: Mapping[str, str]) -> list[Problem]:
    """Return contracts that share an address. Both addresses have code, so no other check would
    notice before the bond is paid.
    """
    return [
        problem("VARIABLE_INVALID", variable=variable, reason=f"{other} already has this address")
        for variable in CONTRACT_VARIABLES
        for other in CONTRACT_VARIABLES
        if variable != other
        and sources[variable] != "default"
        and values[variable].lower() == values[other].lower()
        and (sources[other] == "default" or other < variable)
    ]


def read_env_file(path: Path, *, required: bool = False) -> EnvFile:
    """Read the .env file at `path`. Never raises: see `EnvFile.problem`. A missing file is a
    problem only if it is `required`.
    """
    try:
        content, exposed = read_trusted(path, ENV_FILE_LIMIT)
        text = content.decode()
    except FileNotFoundError:
        return _unreadable(path, "the file does not exist") if required else EnvFile(path)
    except UntrustedFile as error:
        return EnvFile(path, problem=unsafe_env_file(path, error))
    except UnicodeDecodeError:
        return _unreadable(path, "it is not a text file")
    except OSError as error:
        return _unreadable(path, error.strerror or str(error))
    from dotenv import dotenv_values  # most machines have no .env and need not wait for it

    # No interpolation: a value is literal, even with a dollar sign in it.
    values = dotenv_values(stream=io.StringIO(text, newline=None), interpolate=False)
    return EnvFile(path, {name: value for name, value in values.items() if value}, exposed=exposed)


def _unreadable(path: Path, reason: str) -> EnvFile:
    return EnvFile(path, problem=problem("ENV_FILE_UNREADABLE", path=path, reason=reason))


def unsafe_env_file(path: Path, found: UntrustedFile) -> Problem:
    """Return the error for a .env that another user controls, with the command to make it safe."""
    return problem("ENV_FILE_UNSAFE", path=path, reason=found.reason, command=found.command)


def url_fault(url: str) -> str | None:
    """Return a sentence that says why an endpoint cannot be used, or None. `http` only for
    loopback.
    """
    if not url.isascii() or any(character.isspace() for character in url):
        return "A URL contains only ASCII characters, without spaces."
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises ValueError if the port is not a number
    except ValueError:
        return "A URL looks like this: https://host/path."
    if parts.scheme not in ("http", "https") or not host:
        return "A URL looks like this: https://host/path."
    if parts.username or parts.password:
        return "The URL must not contain a user name or a password."
    if parts.scheme == "http" and not _is_loopback(host):
        return "http:// works only for this machine itself. Use https://."
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_fault(address: str) -> str | None:
    """Return a sentence that says why an address cannot be used, or None. Refuses bad checksums."""
    if not _ADDRESS.fullmatch(address):
        return "An address is 0x and 40 hex digits."
    digits = address[2:]
    if digits in (digits.lower(), digits.upper()):
        return None
    if _checksummed(address) != address:
        return "The checksum does not match. Compare the address character by character."
    return None


def _checksummed(address: str) -> str:
    """Return the address with EIP-55 capitals. Importing eth_utils here would double the start
    time.
    """
    if address in _OFFICIAL:
        return address
    from eth_hash.auto import keccak

    digits = address[2:].lower()
    hashed = keccak(digits.encode()).hex()
    capitals = (d.upper() if int(h, 16) >= 8 else d for d, h in zip(digits, hashed, strict=False))
    return "0x" + "".join(capitals)


_OFFICIAL = {
    address for network in NETWORKS.values() for address in network.contracts.as_dict().values()
}
