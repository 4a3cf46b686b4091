"""The metadata database in SQLite, PostgreSQL, MySQL or MariaDB, by SQLAlchemy Core.

How a run is kept: a row of `runs` with what identifies it and one encoded document
with all that was logged, from which answers are made; beside it one row per param,
tag, metric and dataset in tables that are indexed by key and value, by which runs
are found. A transaction writes both. Points stand in `segments`, which only grow.
"""
