"""`python -m deploy.local`: the command line behind ./pool."""

from deploy.local.cli import main

main()
