"""Measuring models on songs they never saw."""
