"""The types that go in and out of services: one file for each that JSON cannot carry by itself."""
