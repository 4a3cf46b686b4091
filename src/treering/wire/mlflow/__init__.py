"""MLflow's REST protocol: its messages, its endpoints and its spelling of JSON."""
