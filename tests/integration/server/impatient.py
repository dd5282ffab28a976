"""The server with less patience for silent clients, so that tests need not wait."""

import sys

from vedette.server.__main__ import main
from vedette.server.edge.connections import Connection

Connection.headers_s = 0.2

if __name__ == "__main__":
    sys.exit(main())
