"""The paper: *Attention Is All You Need*, §3.1–3.5. Read attention, positions, layers, transformer."""

from glassformer.model.transformer import Transformer as Transformer
