"""The rehearsal network: every service that the wizard uses, on loopback."""
