"""``python -m motorsim``: the command line."""

from motorsim.cli import main

if __name__ == "__main__":
    main()
