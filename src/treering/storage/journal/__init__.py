"""The crash-safe log that a client writes first.

One append-only file for each process and destination. `writer` appends, `reader`
reads, `folder` finds what dead processes left behind; `frames` says how it looks;
`files` keeps the files that belong to a journal, and `notes` the runs that no store knows yet.

    magic, version | frame | frame | ...        frame = length, CRC-32, kind, payload
"""
