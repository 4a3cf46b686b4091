"""The crash-safe log that a client writes first."""
