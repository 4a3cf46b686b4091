"""Evaluation: predictions and what was true in, figures about the model out; knows no run, no model and no file."""
