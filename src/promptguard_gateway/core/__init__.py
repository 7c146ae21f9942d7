"""Text -> findings -> decision. Pure: no clock, randomness, files, sockets, async or logging in here."""
