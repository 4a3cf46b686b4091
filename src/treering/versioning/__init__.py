"""Data versions in DVC's formats: what is tracked, what it was, and bringing it back."""
