"""The rehearsal network: everything the wizard talks to, on loopback."""
