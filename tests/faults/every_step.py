"""``torchrun tests/faults/every_step.py train …``: the command line, with the loss of every step written."""

from glassformer.cli.app import main
from glassformer.training import train

train.LOG_EVERY = 1
main()
