"""The prior: a Transformer over codes with everything that it is told.

Read in this order: `shell` (tokens in, predictions out), `labels` (artist, genre, time), `upper`
(the codes of the level above), `lyrics` (the separate encoder), `prior` (all of it together).

Paper: [Jukebox §4]
Lesson: notebooks/05_transformer_over_codes.ipynb
"""
