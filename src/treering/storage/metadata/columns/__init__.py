"""Searches for runs answered from columns in memory, beside a store that keeps the runs.

    ColumnRuns (a RunStore) ---- RunStore, which answers what the columns cannot
        |
      Shelf ---- one Block for each experiment, kept right by a RunFeed: what changed since?

A block holds the last values of metrics, params, tags and attributes as numpy
arrays. Before each answer the feed's counter is asked, and what changed is read again;
so other threads, processes and servers may write to the database at any time.
"""
