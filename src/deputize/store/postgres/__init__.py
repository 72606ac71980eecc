"""PostgreSQL through psycopg: one database that several processes, or machines, share."""

from deputize.store.postgres.database import PostgresDatabase
from deputize.store.postgres.listening import Listener

__all__ = ["Listener", "PostgresDatabase"]
