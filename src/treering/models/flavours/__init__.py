"""One file for each framework that models come from."""
