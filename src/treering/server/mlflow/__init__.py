"""Handlers that speak MLflow's dialect."""
