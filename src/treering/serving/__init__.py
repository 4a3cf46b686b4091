"""The inference server: one model behind HTTP, without the tracking store."""
