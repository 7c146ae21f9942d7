"""Real clients against the installed gateway in front of a real vLLM. `make clients` runs them."""
