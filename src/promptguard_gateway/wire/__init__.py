"""Dialects: bodies, streams and errors as they stand on the wire. Pure: bytes in, values out, and back."""
