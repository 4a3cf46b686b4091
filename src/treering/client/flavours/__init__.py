"""One module for each flavour, with the calls that MLflow's module of that name has."""
