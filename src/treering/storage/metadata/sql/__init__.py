"""The SQL driver: one file for each aggregate, for all databases."""
