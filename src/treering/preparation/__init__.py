"""Data made ready: which rows go into which part of a split, reproducibly, and what was done, as a record."""
