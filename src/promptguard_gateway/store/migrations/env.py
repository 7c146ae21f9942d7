"""Alembic runs this file to learn what to migrate: the connection it was given, towards `store.schema`'s tables."""

from alembic import context

from promptguard_gateway.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
