"""Experiments, runs, params, metrics, tags and inputs: the use cases."""
