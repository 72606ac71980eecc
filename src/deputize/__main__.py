"""Run deputize as `python -m deputize`."""

from deputize.surfaces.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
