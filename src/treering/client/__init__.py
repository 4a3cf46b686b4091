"""What training code talks to: the fluent API and `Client`, on an embedded store or on a server."""
