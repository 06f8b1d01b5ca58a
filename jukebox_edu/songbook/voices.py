"""The eight singers of the songbook. For a model they are the *artists*.

What
    A voice is a speaker of the phone bank, bent: a tract scale moves all formants, a register says
    which notes are comfortable, vibrato, tilt and breath give it character. The names are invented.
    Registers are low on purpose: a low note has many harmonics under each formant, so its words are
    easier to follow, for people and for models.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

from jukebox_edu.errors import ConfigError


@dataclass(frozen=True)
class Voice:
    """One singer.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # the artist label
    speaker: str  # speaker of the phone bank
    tract_scale: float  # factor on all formants of the bank, 1 = as spoken
    formant_scale: float  # factor on the male formant table (engine "formants")
    low_midi: int  # lowest comfortable note
    high_midi: int  # highest comfortable note
    vibrato_hz: float  # turns per second
    vibrato_cents: float  # greatest distance from the note
    tilt_db: float  # dB per octave above 500 Hz
    breath: float  # least share of hiss at 8 kHz, 0..1

    @property
    def own_keys(self) -> tuple[int, int]:
        """Pitch classes (0 = C) of the voice's own two keys.

        The first is a semitone above the lowest note, where a new tune of an octave just fits; the
        second is five semitones higher, so that the two share six of their seven notes.
        """
        return ((self.low_midi + 1) % 12, (self.low_midi + 6) % 12)


VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice("Bruno Deep", "rms", 0.93, 0.92, 40, 52, 4.8, 22.0, 1.0, 0.15),
        Voice("Teo Bright", "kal16", 1.06, 1.04, 48, 60, 5.6, 24.0, 1.0, 0.10),
        Voice("Alma Warm", "slt", 0.98, 1.17, 52, 64, 5.3, 22.0, 1.5, 0.20),
        Voice("Milo Soft", "awb", 1.0, 1.0, 45, 57, 5.0, 16.0, 0.5, 0.40),
        Voice("Otto Dark", "kal16", 0.88, 0.86, 42, 54, 4.2, 38.0, -1.5, 0.05),
        Voice("Vera Clear", "slt", 1.1, 1.28, 55, 67, 5.8, 6.0, 3.0, 0.08),
        Voice("Rosa Reed", "rms", 1.14, 1.12, 50, 62, 6.4, 38.0, 2.5, 0.05),
        Voice("Nils Breeze", "slt", 0.86, 0.97, 46, 58, 4.6, 10.0, -1.0, 0.65),
    )
}
"""The singers by name, in a fixed order. Lesson: notebooks/00_ten_minutes.ipynb"""


def find_voice(name: str) -> Voice:
    """Return the voice of that name.

    Raises
    ------
    ConfigError : there is no such voice.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if name not in VOICES:
        raise ConfigError(f"voice: {name!r} is not known. Choose one of {list(VOICES)}.")
    return VOICES[name]
