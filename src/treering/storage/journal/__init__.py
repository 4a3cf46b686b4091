"""The crash-safe log that a client writes first.

One append-only file for each process and destination. `writer` appends, `reader`
reads, `folder` finds what dead processes left behind; `frames` says how it looks.

    magic, version | frame | frame | ...        frame = length, CRC-32, kind, payload
"""
