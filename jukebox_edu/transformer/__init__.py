"""The sparse Transformer: patterns, attention, caches, stack.

Read in this order: `patterns` (who may look at whom), `attention` (one layer, the clear way and
the fast ways), `cache` (what must be remembered while sampling), `stack` (all layers). Nothing here
knows of music.

Paper: [Jukebox §4, appendix A]
Lesson: notebooks/06_sparse_attention.ipynb
"""
