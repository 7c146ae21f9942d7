"""The console: a listener of its own for the people who run the gateway. It reads through ports and has pages."""
