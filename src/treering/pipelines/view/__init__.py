"""A repository as pages show it. Everything here only reads, and takes no lock that others wait for."""
