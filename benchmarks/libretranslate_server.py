"""LibreTranslate's own server with a package of ours, on this machine alone: ``serving.py`` and ``markup.py`` ask it.

    PYTHON benchmarks/libretranslate_server.py PACKAGE.argosmodel FOLDER PORT    # PYTHON of an environment with libretranslate

Its sentence splitter (MiniSBD) downloads a model when it first splits. Where nothing can be downloaded a rule stands in for it:
a sentence ends behind . ! or ? before a blank. That costs less than the model, so LibreTranslate is the faster for it.
"""

import logging
import os
import re
import sys

package_file, folder, port = sys.argv[1:]
for name, part in (
    ("ARGOS_PACKAGES_DIR", "packages"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_CONFIG_HOME", "config"),
):
    os.environ[name] = os.path.join(folder, part)
    os.makedirs(os.environ[name], exist_ok=True)
os.environ["LT_DISABLE_FILES_TRANSLATION"] = "true"

from argostranslate import package, sbd  # noqa: E402

sbd.MiniSBDSentencizer.split_sentences = lambda self, text: re.split(r"(?<=[.!?])\s+", text.strip())
if not package.get_installed_packages():
    package.install_from_path(package_file)

import libretranslate.init  # noqa: E402

libretranslate.init.boot = lambda *_, **__: None  # its list of packages is on the network

from libretranslate.main import main  # noqa: E402

logging.disable(logging.WARNING)  # it would write down every text
sys.argv = [
    "libretranslate",
    "--host",
    "127.0.0.1",
    "--port",
    port,
    "--load-only",
    "en,de",
    "--disable-web-ui",
    "--char-limit",
    "-1",
]
main()
