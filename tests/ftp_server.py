"""An FTP server on a folder, for the tests: ftp_server.py <port> <folder> [--old]. Runs in an environment with pyftpdlib."""

from __future__ import annotations

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer


def main() -> None:
    port, folder = int(sys.argv[1]), sys.argv[2]
    people = DummyAuthorizer()
    people.add_user("someone", "p@ss:/word", folder, perm="elradfmwMT")

    class Handler(FTPHandler):  # type: ignore[misc]  # the package has no types
        authorizer = people
        passive_ports = None

    if "--old" in sys.argv:
        Handler.proto_cmds = {
            name: value for name, value in FTPHandler.proto_cmds.items() if not name.startswith("MLS")
        }
    server = ThreadedFTPServer(("127.0.0.1", port), Handler)
    server.max_cons_per_ip = 0
    server.serve_forever()


if __name__ == "__main__":
    main()
