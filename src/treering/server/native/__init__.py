"""Handlers of Treering's own API."""
