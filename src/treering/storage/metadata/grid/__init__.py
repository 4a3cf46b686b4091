"""The table of runs that a person looks at: what its questions mean, and answers in plain Python over any RunStore.

`columns` answers the same from memory, much faster; both are held to be equal.
"""
