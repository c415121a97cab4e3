"""`python -m shared.cli`: the `kehou` command where the project is not installed, as in its images."""

from shared.cli import main

main()
