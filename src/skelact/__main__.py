"""`python -m skelact` is the `skelact` command."""

import sys

from skelact.cli import main

if __name__ == "__main__":
    sys.exit(main())
