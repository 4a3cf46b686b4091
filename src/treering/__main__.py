"""`python -m treering` is the command `treering`."""

from treering.cli.main import main

main()
