"""``python tests/faults/server.py MODEL``: the page's server, as ``glassformer look`` starts it; says its address.

With SLOW seconds in the environment each layer takes so much longer: a model large enough to keep others waiting. With
LONGEST seconds a request may take so long to come, instead of ten.
"""

import os
import sys
import time
from pathlib import Path

import torch

from glassformer.http import connections, guard
from glassformer.http.listening import listen
from glassformer.model.layers import EncoderLayer
from glassformer.page.serve import serve
from glassformer.page.service import Service
from glassformer.translator import Translator

torch.set_num_threads(1)
translator = Translator.load(Path(sys.argv[1]), device="cpu")
if slow := float(os.environ.get("SLOW", "0")):
    for module in translator.model.modules():
        if isinstance(module, EncoderLayer):
            module.register_forward_pre_hook(lambda *_: time.sleep(slow))
if longest := float(os.environ.get("LONGEST", "0")):
    connections.LONGEST_REQUEST = guard.LONGEST_BODY = longest
serve(Service(translator), listen(0), lambda address: print(address, flush=True))  # noqa: T201
