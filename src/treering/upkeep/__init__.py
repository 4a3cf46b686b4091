"""Keeping house: what is removed for good, and what is wrong with an installation."""
