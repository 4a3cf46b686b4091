"""MLflow's ways of keeping things: a database, a folder `mlruns`, a server."""
