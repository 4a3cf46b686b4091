"""Experiments in DVC's references: run, queued, shown, applied and shared."""
