"""Series of metric points: encoding, merging, thinning."""
