"""Registered models, their versions, aliases and stages."""
