"""The whole life of a model on real data, as `treering demo` shows it, written with the public API alone."""
