"""Reproducible measurements of the gateway, side by side with what users would pick instead. See README.md."""
