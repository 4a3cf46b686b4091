"""The tracking server: HTTP in, a use case, HTTP out."""
