"""What can be asked of a server, and how it looks on the wire."""
