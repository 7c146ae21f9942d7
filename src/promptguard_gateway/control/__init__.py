"""The APIs that inspect without forwarding (guard, scan, redact) and those about the gateway itself."""
