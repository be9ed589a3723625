"""``python -m deploy.cli`` is the ``dovetail`` command."""

from deploy.cli.main import main

main(prog_name="dovetail")
