"""Treering: the whole life of a machine-learning model in one tool."""

__version__ = "0.1.0"
