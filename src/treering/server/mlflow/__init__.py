"""What answers MLflow's API: one module of handlers for each resource, all listed in `table`."""
