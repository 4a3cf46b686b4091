"""What the product talks about, as frozen values."""
