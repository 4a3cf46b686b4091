"""The whole life of a model on real data, as `treering demo` shows it, by the calls and commands that people have."""
