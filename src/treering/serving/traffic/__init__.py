"""Which variant of a model answers a request, and what is learnt from the answers; no sockets, no files, no clock."""
