"""`python -m marops` is the `marops` command."""

from marops.cli import main

main()
