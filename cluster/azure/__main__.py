"""Run by `pulumi up` in this folder, with the repository's root on PYTHONPATH."""

from cluster.azure import program

program.run()
