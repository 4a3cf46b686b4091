"""Content-addressed files: digests, directory manifests, links, and the cache that holds them."""
