"""Training our own models on songs of our own.

Read in this order: `songset` (songs as arrays), `vqvae_loop` (the codec), `codeset` (songs as
codes), `prior_loop` (the priors), `aids` (what the songbook's exact timings are used for),
`heldout` (figures on songs never trained on), `presets` (shapes).

Paper: [Jukebox §3, §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""
