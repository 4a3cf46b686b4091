"""The processes that hold what is served, and how they are talked to."""
