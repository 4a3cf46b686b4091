"""Clients of services: Treering's, and those that BentoML serves.

described    what `/schema.json` tells of a service's methods
messages     from arguments to a request, and from an answer to a value
blocking, asynchronous    the clients
generated    a client's code with types, written from the schema
remote       what stands for a service that another depends on and that runs elsewhere
"""
