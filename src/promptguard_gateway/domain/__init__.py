"""What the gateway keeps and promises: projects, keys, settings, events as records, and the ports others fulfil."""
