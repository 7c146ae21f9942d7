"""Tests of the endpoints we call: addresses, pool, faults, choice, demonstration model."""
