"""The parts of `Client`, one for each kind of thing."""
