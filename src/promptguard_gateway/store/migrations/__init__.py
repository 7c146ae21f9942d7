"""The way from every earlier schema to the present one, for Alembic. Inside the package, so in the wheel."""
