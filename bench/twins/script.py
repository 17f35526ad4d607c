"""The twin's main script."""

from bench.twins.main import main

main()
