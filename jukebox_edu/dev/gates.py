"""The gates of the bundled model's training: it stops, and says so, where going on is useless.

What
    probe      the words must be in the top codes, before anything is encoded with them
    words      the top prior must use the lyrics, before anything is measured by listening
    deletions  sung phones must be there to be heard, before the model is called finished
    Each figure comes from songs that were never trained on.
Conventions
    Costs in nats per top-level code.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from jukebox_edu.errors import ConfigError, JukeboxError, must
from jukebox_edu.evaluation.probe import PhoneCodes, probe_phones
from jukebox_edu.evaluation.report import Report
from jukebox_edu.sampling.storing import read_json, write_json
from jukebox_edu.training.store import StoredSong
from jukebox_edu.vqvae.model import VQVAE

LEAST_PROBE = 0.85  # share of sung frames whose phone a probe reads from the top codes
LEAST_COST = 0.2  # nats that wrong lyrics cost
LEAST_COST_AT_CHANGES = 0.6  # the same where another phone begins
MOST_DELETIONS = 0.2  # share of phones that were asked for and not heard
PROBE_SONGS = (150, 40)  # to train the probe, to test it


class GateMissed(JukeboxError):
    """A figure without which training should not go on.

    Lesson: notebooks/13_measure_it.ipynb
    """


@dataclass(frozen=True)
class Gate:
    """One figure and its limit."""

    name: str
    value: float
    limit: float
    least: bool = True  # False: the limit is the most that is allowed

    @property
    def passed(self) -> bool:
        """Whether the figure is good enough."""
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self) -> str:
        """In words."""
        asked = "at least" if self.least else "at most"
        verdict = "passed" if self.passed else "MISSED"
        return f"{self.name} {self.value:.3f}, {asked} {self.limit:g} wanted: {verdict}"


def check(path: Path, gates: list[Gate], go_on: bool) -> None:
    """Write down what was found; stop unless all gates are passed or `go_on` is asked for.

    Raises
    ------
    GateMissed
        If a gate is missed.

    Lesson: notebooks/13_measure_it.ipynb
    """
    known = read_json(path) if path.is_file() else {}
    known |= {gate.name: {**asdict(gate), "passed": gate.passed} for gate in gates}
    write_json(path, known)
    missed = [str(gate) for gate in gates if not gate.passed]
    if missed and not go_on:
        advice = "Train for longer in another folder (--effort), or go on with --go-on."
        raise GateMissed(f"{'; '.join(missed)}. {advice}")


@torch.inference_mode()
def probe_gate(vqvae: VQVAE, songs: list[StoredSong]) -> Gate:
    """How well phones are read from top codes of songs that the codec was not trained on.

    Lesson: notebooks/13_measure_it.ipynb
    """
    coded = []
    for song in songs[: sum(PROBE_SONGS)]:
        samples = torch.from_numpy(song.samples(0, song.padded))[None]
        codes = vqvae.encode(samples)[-1][0].numpy()
        phones = np.asarray(song.phones())
        n = min(len(codes), len(phones))
        coded.append(PhoneCodes(codes[:n], phones[:n].astype(np.int64)))
    cut = len(coded) * PROBE_SONGS[0] // sum(PROBE_SONGS)
    if cut < 1:
        allowed = "at least 2, to train the probe and to test it"
        raise ConfigError(must("held-out songs", len(coded), allowed, "Sing more songs."))
    with torch.inference_mode(False):
        found = probe_phones(coded[:cut], coded[cut:], vqvae.config.codebook_size)
    return Gate("phones read from top codes", found.accuracy.mean, LEAST_PROBE)


def word_gates(report: Report) -> list[Gate]:
    """What wrong lyrics cost the top prior.

    Lesson: notebooks/13_measure_it.ipynb
    """
    top = report.priors[-1]
    cost = next(c for c in top.costs if (c.condition, c.told) == ("lyrics", "wrong"))
    at_changes = cost.at_phone_changes
    found = [Gate("cost of wrong lyrics", cost.nats.mean, LEAST_COST)]
    if at_changes is not None:
        name = "cost of wrong lyrics at phone changes"
        found.append(Gate(name, at_changes.mean, LEAST_COST_AT_CHANGES))
    return found


def deletion_gate(deletions: float) -> Gate:
    """Share of the phones asked for that the recogniser did not hear.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return Gate("phones left out", deletions, MOST_DELETIONS, least=False)
