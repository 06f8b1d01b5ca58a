"""Layers that the codec and the prior share; import them from their own files."""
