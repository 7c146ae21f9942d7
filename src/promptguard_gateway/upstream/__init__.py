"""The endpoints we call: the guarded connector, vLLM behind it, and the demonstration model in the package."""
