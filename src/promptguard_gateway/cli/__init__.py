"""The `promptguard` command."""
