"""Traces in OpenTelemetry's own protocol, without its libraries: spans are JSON that is posted in a thread beside."""
