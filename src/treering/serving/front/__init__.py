"""The process that has the sockets: it reads requests, queues them, and writes answers, and runs nobody's code."""
