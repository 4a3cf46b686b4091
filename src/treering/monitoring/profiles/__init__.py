"""Profiles of tables: what each column holds, what hangs together, and what somebody should look at."""
