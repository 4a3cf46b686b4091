"""The search grammar: from the user's words to conditions that any driver can evaluate.

`parse_search` reads a filter and an ordering for one kind of object. What comes
out is a small tree of frozen values; the memory driver evaluates it, the SQL
driver compiles it. The grammar is MLflow's, with OR, NOT and parentheses added.
"""
