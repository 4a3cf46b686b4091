"""`python -m treering` is the command `treering`."""

from treering.cli.start import start

start()
