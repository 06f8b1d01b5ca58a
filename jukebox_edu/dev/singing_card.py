"""The sections of the model card on singing, from the file of `measure_singing`.

What
    From the ceiling down to chance, then by group, then with one thing changed, then new words,
    then in words where it fails. Nothing here is typed by hand: a figure that was not measured
    has no line.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from jukebox_edu.dev.card_cells import share, show, table
from jukebox_edu.dev.singing_study import Study
from jukebox_edu.evaluation.judges.listening import ALONE, BAND, PanelFigures, SungFigures

AIMS = {ALONE: 0.3, BAND: 0.4}  # the most phone errors that were aimed at
ABLATIONS = (
    "top", "no-guidance", "temperature-0.9", "other-lyrics", "no-lyrics", "other-voice",
)  # fmt: skip
HEAD = ("sound", "phone errors", "by clean judges", "left out", "words heard", "voice right",
        "style right", "notes in a scale")  # fmt: skip


def singing_sections(study: Study) -> list[str]:
    """All sections that can be written from what was measured.

    Lesson: notebooks/13_measure_it.ipynb
    """
    found = [_sounds(study), _groups(study), _ablations(study), _words(study), _long(study),
             _failures(study)]  # fmt: skip
    return [text for text in found if text]


def _row(sound: SungFigures) -> tuple[str, ...]:
    by = sound.best
    pitch = "–" if sound.pitch is None else show(sound.pitch.in_scale)
    cells = (by.phone_errors, sound.clean.phone_errors, by.deletions, by.words, by.voice, by.style)
    return (sound.sound, *map(share, cells), pitch)


def _sounds(study: Study) -> str:
    names = [name for name in ("real", "real-top-codes", "sung") if name in study.parts]
    if not names:
        return ""
    rows = [_row(sound) for name in names for sound in study.parts[name].sounds]
    sung = study.sound("sung")
    if sung is not None:
        by, clean, pitch = sung.best, sung.clean.other_lyrics, sung.pitch
        rows.append(
            ("chance", share(by.other_lyrics), share(clean), "–", share(by.other_words),
             share(study.voice_chance), share(study.style_chance),
             "–" if pitch is None else show(pitch.shuffled))
        )  # fmt: skip
    songs = ", ".join(f"{study.parts[name].songs} ({name})" for name in names)
    machine = study.machine.get("processor", "an unnamed processor")
    return (
        "## Is it sung?\n\nSongs of at most 10 s that were never trained on, heard by small "
        f"networks (the judges) tuned on the codec {study.judges}; their own card says how "
        f"good they are. Songs: {songs}. Means with 95 % intervals. Phone errors: phones missed, "
        "wrong or too many, per phone asked for; a word is heard if every phone of it is. The real "
        "songs are the ceiling. Chance is the sound of level 0 scored against another song's "
        f"lyrics, and notes moved at random. Measured on {machine}.\n\n" + table(HEAD, rows)
    )


def _groups(study: Study) -> str:
    sung, real = study.sound("sung"), study.sound("real")
    if sung is None:
        return ""
    rows = []
    for group in sung.best.groups:
        ceiling = None if real is None else real.best.group(group.name)
        rows.append(
            (group.name, str(group.phone_errors.n), share(group.phone_errors),
             share(ceiling.phone_errors if ceiling else None), share(group.deletions),
             share(group.words), share(group.voice), share(group.style))
        )  # fmt: skip
    head = ("songs", "number", "phone errors", "of the real songs", "left out", "words heard",
            "voice right", "style right")  # fmt: skip
    return f"## By voice, alone and with a band\n\n{sung.sound}.\n\n" + table(head, rows)


def _ablations(study: Study) -> str:
    rows = []
    for name in ABLATIONS:
        part = study.parts.get(name)
        for sound in part.sounds if part else ():
            by = sound.best
            cells = (by.phone_errors, by.deletions, by.words, by.voice, by.style)
            rows.append((sound.sound, *map(share, cells)))
    if not rows:
        return ""
    head = ("top level alone", "phone errors", "left out", "words heard", "voice", "style")
    return (
        "## With one thing changed\n\nThe top level alone sings; its codes are decoded by the "
        "codec. Voice and style: share of songs in which the one in question is heard.\n\n"
        + table(head, rows)
    )


def _words(study: Study) -> str:
    part = study.parts.get("outside")
    if part is None or not part.recalls:
        return ""
    rows = [(r.sound, share(r.outside), share(r.inside)) for r in part.recalls]
    head = ("sound", "words outside the vocabulary heard", "other words of the same songs heard")
    return (
        f"## New words\n\n{part.songs} songs whose things, qualities and deeds are words that no "
        "training song holds.\n\n" + table(head, rows)
    )


def _long(study: Study) -> str:
    part = study.parts.get("long")
    if part is None:
        return ""
    return (
        f"## Longer songs\n\n{part.songs} songs of 18 to 30 s, two or three windows of the top "
        "prior, each sung at its own length.\n\n"
        + table(HEAD, [_row(sound) for sound in part.sounds])
    )


def _failures(study: Study) -> str:
    sung = study.sound("sung")
    if sung is None:
        return ""
    by = sung.best
    lines = [
        f"Of 100 phones asked for, {100 * by.substitutions.mean:.0f} are sung wrong and "
        f"{100 * by.deletions.mean:.0f} are left out; {100 * by.insertions.mean:.0f} are too many.",
        *_aims(by),
        *_losses(study),
        *_weakest(by),
        f"The style is recognised in {share(by.style)} of the songs, the voice in "
        f"{share(by.voice)}; guessing gives {share(study.style_chance)} and "
        f"{share(study.voice_chance)}.",
    ]
    part = study.parts.get("outside")
    if part is not None and len(part.recalls) > 1:
        finest = next((r for r in part.recalls if r.sound.startswith("sung")), part.recalls[-1])
        lines.append(
            f"Of words it was never trained on {share(finest.outside)} are heard, of the other "
            f"words in the same songs {share(finest.inside)}."
        )
    return "## Where it fails\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def _aims(by: PanelFigures) -> list[str]:
    lines = []
    for name, most in AIMS.items():
        group = by.group(name)
        if group is not None:
            verdict = "reached" if group.phone_errors.mean <= most else "missed"
            lines.append(f"Aim of at most {share(most)} phone errors, {name}: {verdict}, with "
                         f"{share(group.phone_errors)}.")  # fmt: skip
    return lines


def _losses(study: Study) -> list[str]:
    """What each step between a real song and a sung one adds."""
    real = study.parts.get("real")
    written, sung = study.sound("real-top-codes"), study.sound("sung")
    if real is None or sung is None:
        return []
    stations = [("real songs", real.sounds[0]), ("through the top codes", real.sounds[-1])]
    if written is not None:
        stations.append(("with lower levels written by the upsamplers", written))
    stations.append(("sung from the lyrics alone", sung))
    told = ", ".join(f"{name} {share(one.best.phone_errors.mean)}" for name, one in stations)
    return [f"Where phones get lost, in phone errors: {told}."]


def _weakest(by: PanelFigures) -> list[str]:
    voices = [group for group in by.groups if group.name not in AIMS]
    if len(voices) < 2:
        return []
    worst = max(voices, key=lambda group: group.phone_errors.mean)
    best = min(voices, key=lambda group: group.phone_errors.mean)
    return [f"{worst.name} is understood worst ({share(worst.phone_errors)} phone errors), "
            f"{best.name} best ({share(best.phone_errors)})."]  # fmt: skip
