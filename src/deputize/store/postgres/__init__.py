"""PostgreSQL through psycopg: one database that several processes, or machines, share."""

from deputize.store.postgres.database import PostgresDatabase

__all__ = ["PostgresDatabase"]
