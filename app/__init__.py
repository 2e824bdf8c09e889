"""Where it is put together: arguments, the app, the plain driver, the rehearsal network."""
