"""One file for each place where a model can be put."""
