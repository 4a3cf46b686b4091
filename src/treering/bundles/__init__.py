"""Bundles: what is shipped. Code, models, a locked environment and tests in one folder that nothing writes into.

    sources ──build──▶ draft ──seal──▶ bundle, named by its contents ──▶ store ──▶ archive, another place, image

A bundle's version is the digest of all that it holds, so two builds of the same things are
the same bundle, and whatever was changed afterwards is found out.
"""
