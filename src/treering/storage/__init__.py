"""Where bytes and rows live."""
