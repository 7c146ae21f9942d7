"""One exchange from first to last byte: authenticate, inspect, forward, inspect, answer, record."""
