"""SQL behind the ports of `domain.ports`: SQLite, one writer, group commit."""
