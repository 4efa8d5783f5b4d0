"""A corpus translated in numbered shards, each written whole or not at all: killed anywhere, the same command goes on."""
