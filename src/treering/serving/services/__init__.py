"""Services: classes whose methods are endpoints, written as BentoML 1.4 has them.

service, method, lifecycle, dependencies   what a user writes, and what is kept of it
kinds                                      types of inputs and outputs, one file each
plan, bodies, answers                      from a request's bytes to arguments, and from what is returned to bytes
host, application                          a service in a worker: whole answers, and all that is not whole
tasks                                      what runs long
"""
