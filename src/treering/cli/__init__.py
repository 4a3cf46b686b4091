"""The command line: words typed by people, and no logic of its own."""
