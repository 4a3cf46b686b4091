"""Public conformance suites: subclass one, give it a fixture, and a driver is proven."""
