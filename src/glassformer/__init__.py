"""A Transformer made of glass. Nothing heavy is imported until it is used."""
