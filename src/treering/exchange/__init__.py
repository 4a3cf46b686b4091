"""Bringing things over from other tools, and taking them out again."""
