"""Runs: their folders, their settings, and the way from two files to a model."""
