"""What data looks like, by counting it, so that two looks can be compared; knows no run, no model and no server."""
