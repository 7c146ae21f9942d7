"""What must hold in front of any vLLM: `make acceptance URL=http://... MODEL=...` runs it against yours."""
