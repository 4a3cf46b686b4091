"""Pipelines in DVC's formats: stages, their graph, what has changed, and running what has."""
