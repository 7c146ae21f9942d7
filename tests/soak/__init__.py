"""What only shows after many repetitions: kills, cancellations, a thousand streams, and a gateway that must stop."""
