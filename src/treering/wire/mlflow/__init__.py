"""MLflow's protocol: endpoints and codecs."""
