"""The store, tested against real files: SQLite is quick enough, and its files are what matters."""
