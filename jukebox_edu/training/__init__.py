"""Training our own models on songs of our own.

Read in this order:

    songs    `record`, `source`, `folder`, `songbook_source`   where songs come from
             `prepare`, `store`, `stored_song`                 songs on disk, with their codes
             `clips`, `codeset`, `parts`                       pieces of them, as examples
    loops    `vqvae_loop`, `prior_loop`                        one screen each
             `extras`, `aids`                                  losses that plug in
             `settings`, `schedule`, `presets`                 how long, how fast, which shapes
             `loop`, `learner`, `optimiser`, `averaging`, `precision`   what a step is made of
             `run`, `state`, `board`                           the folder of a run; exact resume
    models   `results`, `beginning`, `assembling`              out of runs, and into new ones
             `finetune`                                        new names and songs for a model
             `excerpt`, `overfit`                              all of it on ten seconds

Paper: [Jukebox §3, §4, §5.1]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""
