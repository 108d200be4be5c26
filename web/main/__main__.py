"""`python -m web.main` is the `vikno` command."""

from web.main.cli import main

main()
