"""COMET (Rei et al. 2020): a figure that a trained model gives, from source, translation and reference. An extra.

The package ``unbabel-comet`` loads its model, which it downloads when it is first asked for.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassformer.errors import ConfigError

MODEL = "Unbabel/wmt22-comet-da"
INSTALL = "--metric comet needs the package unbabel-comet: pip install unbabel-comet"


class Comet:
    """A measure as ``scores`` wants it: the mean over the sentences, and over the references of each, in points of 100."""

    name = "COMET"
    lowest, highest = float("-inf"), float("inf")

    def __init__(self, sources: Sequence[str], device: str = "") -> None:
        """``sources``: what was translated. Raises ConfigError where package or model are missing."""
        try:
            import comet
        except ImportError as error:
            raise ConfigError(INSTALL) from error
        try:
            self.model: Any = comet.load_from_checkpoint(comet.download_model(MODEL))
        except (Exception, SystemExit) as error:
            reason = " ".join(str(error).split())[:200]
            raise ConfigError(
                f"COMET's model {MODEL} cannot be loaded ({reason}): it is downloaded once; connect to the network"
            ) from error
        self.sources, self.version = sources, str(getattr(comet, "__version__", "unknown"))
        self.devices = 0 if device == "cpu" else int(cuda_is_there())
        self.references = 1

    def counts(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Any:
        """[sentence, 2]: the sentence's points and 1."""
        self.references = len(references)
        found = []
        for side in references:
            rows = [
                {"src": source, "mt": hypothesis, "ref": reference}
                for source, hypothesis, reference in zip(self.sources, hypotheses, side, strict=True)
            ]
            found.append(self.model.predict(rows, batch_size=16, gpus=self.devices, progress_bar=False).scores)
        points = 100 * np.array(found, dtype=np.float64).mean(axis=0)
        return np.stack([points, np.ones_like(points)], axis=1)

    def value(self, total: Sequence[float]) -> float:
        """The mean."""
        return float(total[0] / total[1])

    sentence = value

    def signature(self) -> dict[str, str]:
        """The model is the recipe."""
        return {"nrefs": str(self.references), "model": MODEL, "version": self.version}


def cuda_is_there() -> bool:
    import torch

    return torch.cuda.is_available()
