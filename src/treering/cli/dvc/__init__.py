"""DVC's own command line, word for word: what its verbs take (declared), and what runs them (doing)."""
