"""Models as folders: the MLmodel format, signatures, and one flavour for each framework."""
