"""The rooms of the house: which part of the package may import which.

What
    `ROWS` lists the rooms from the roof down. A file may import, when it is loaded, only from rows
    below its own or from its own row. `LOOK_UPS` lists the few places that look up: a method such
    as `plan.plot()` imports the room above when it is called. `STRANGERS` lists rows that a room
    could import from but must know nothing of. tests/bottom/test_imports.py holds all of it true.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

ROWS: tuple[tuple[str, ...], ...] = (
    ("__init__", "__main__", "cli", "dev"),
    ("exercises",),
    ("widgets",),
    ("training",),
    ("evaluation",),
    ("model", "runs", "song"),
    ("plotting",),
    ("page",),
    ("alignment",),
    ("sampling",),
    ("checkpoints",),
    ("prior",),
    ("vqvae",),
    ("transformer",),
    ("nn",),
    ("labels",),
    ("songbook",),
    ("audio",),
    ("config", "errors", "units", "progress", "samples", "released", "rooms"),
)
"""Rooms from the roof down; a name is a module or a folder of jukebox_edu."""

LOOK_UPS: frozenset[tuple[str, str]] = frozenset(
    {
        ("alignment", "plotting"),  # alignment.plot()
        ("page.fragment", "plotting"),  # the poster, a picture of the song
        ("prior.prior", "sampling"),  # prior.sample()
        ("sampling.plan", "plotting"),  # plan.plot()
    }
)
"""(module, room): upward imports allowed inside a function or for type checking."""

STRANGERS: frozenset[tuple[str, str]] = frozenset(
    {
        ("widgets", "training"),
        ("evaluation", "plotting"),
        ("sampling", "audio"),
        ("prior", "vqvae"),
        ("vqvae", "transformer"),
        ("transformer", "labels"),
        ("transformer", "songbook"),
        ("transformer", "audio"),
    }
)
"""(room, room below it that it knows nothing of): no import at all."""
