"""Credentials: formats by theme, one file each, and what a name or a sentence calls a secret."""
