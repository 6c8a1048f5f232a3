"""Run the command line as ``python -m xuequ.api``."""

from xuequ.api.cli import main

if __name__ == "__main__":
    main()
