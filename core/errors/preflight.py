"""Errors that only the preflight checks report."""

from __future__ import annotations

from core.errors.entry import Entry, Kind

PREFLIGHT = (
    Entry(
        "DISK_NEARLY_FULL",
        "The disk is nearly full",
        "{path}: {free} MiB are free.",
        "Free some space: every step is recorded before it is done. Then {retry}.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "HOST_UNKNOWN",
        "{host} cannot be found",
        "The name server of this machine does not know it or does not answer.",
        "Check that this machine has a network and a name server (ping, resolvectl), then {retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "HOST_UNREACHABLE",
        "{host} cannot be reached",
        "The connection failed: {reason}.",
        "Let port {port} to {host} through the firewall, or set another address. Then {retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "HOST_CERTIFICATE",
        "The certificate of {host} is not valid",
        "{reason}. By the clock of this machine it is {now}.",
        "If that time is wrong, set the clock (timedatectl). If it is right, something intercepts "
        "the connection: ask the people who run this network.",
        Kind.NETWORK,
    ),
    Entry(
        "HOST_CERTIFICATE_ENDS",
        "The certificate of {host} expires soon",
        "Days that are left: {days}.",
        "Onboard before it expires, or tell the people who run that service.",
        Kind.NETWORK,
    ),
    Entry(
        "MCR_SILENT",
        "The MCR API does not answer as expected",
        "{host}: {reason}.",
        "No action needed. Only the rating on the receipt comes from this service.",
        Kind.NETWORK,
    ),
    Entry(
        "CLOCK_OFF",
        "This machine is {seconds} s {direction} {servers}",
        "One-time codes and certificates depend on the right time.",
        "Set the clock, for example with `timedatectl set-ntp true`, then {retry}.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "CHECKS_TIMED_OUT",
        "The checks took too long",
        "Not everything answered within {seconds} s.",
        "Check the connection, then {retry}.",
        Kind.NETWORK,
    ),
    Entry(
        "REHEARSAL_NOT_RUNNING",
        "The rehearsal network is not running",
        "It runs inside the wizard and ends with it, and PEAQOS_RPC_URL is not set.",
        "To rehearse, start with --rehearse. To inspect an earlier rehearsal, run status with "
        "--network rehearsal --state-dir DIR. To set PEAQOS_RPC_URL for a devnet, {settings}.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
    Entry(
        "JOURNAL_OF_REHEARSAL",
        "This state directory belongs to a rehearsal",
        "Its journal is from the rehearsal network; the settings name {network}.",
        "To inspect it, run `{command}`. To onboard a machine, name another --state-dir.",
        Kind.CONFIGURATION,
        again="after a change",
    ),
)
