"""`python -m jukebox_edu` is the command `jukebox-edu`."""

import sys

from jukebox_edu.cli import main

if __name__ == "__main__":
    sys.exit(main())
