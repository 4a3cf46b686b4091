"""Models, as something that a server can ask: loaded, checked, grouped, and spoken to in several protocols.

    Call ─▶ protocol reads it ─▶ Asked ─▶ those that fit go together ─▶ model ─▶ split ─▶ protocol writes ─▶ Answer

paths       where models answer (needs nothing, so that the front can read it)
held        one loaded model, and whether requests for it may be asked together
grouping    which requests go together, and whose part of the answer is whose
invocations, v2, v1  the protocols
"""
