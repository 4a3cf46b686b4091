"""Models in continuous integration: the gate, its report, and the comment on a pull request."""
