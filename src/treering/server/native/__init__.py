"""Handlers of Treering's own API: one file for each resource."""
