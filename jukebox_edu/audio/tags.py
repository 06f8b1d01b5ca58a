"""What an audio file says about itself: title, artist, and how it was generated.

What
    Every sound this library writes can carry its provenance: that it is generated, by which model,
    from which seed, under which licence. FLAC and Ogg hold Vorbis comments, MP3 and WAV an ID3 tag;
    the same six fields go into both.
Lesson: notebooks/15_whose_music.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class AudioTags:
    """The text fields of an audio file; an empty field is not written.

    Lesson: notebooks/15_whose_music.ipynb
    """

    title: str = ""  # name of the song
    artist: str = ""  # who sings
    comment: str = "generated"  # what every sound made by a model is marked with
    model: str = ""  # name of the model
    seed: int | None = None  # seed of the noise
    licence: str = ""  # licence of the sound


# field -> (Vorbis comment, ID3 frame); a TXXX frame is free text with a name of its own
_NAMES: dict[str, tuple[str, str]] = {
    "title": ("TITLE", "TIT2"),
    "artist": ("ARTIST", "TPE1"),
    "comment": ("COMMENT", "COMM"),
    "model": ("MODEL", "TXXX:MODEL"),
    "seed": ("SEED", "TXXX:SEED"),
    "licence": ("LICENSE", "TXXX:LICENSE"),
}


def write_tags(path: Path, tags: AudioTags) -> None:
    """Write `tags` into the wav, flac, ogg or mp3 file `path`.

    Raises
    ------
    OSError
        If the file cannot be changed.

    Lesson: notebooks/15_whose_music.ipynb
    """
    import mutagen

    texts = {name: getattr(tags, name) for name in _NAMES}
    texts = {name: str(text).replace("\0", " ") for name, text in texts.items()
             if text not in ("", None)}  # fmt: skip
    try:
        file = mutagen.File(path)
        if file is None:
            raise OSError(f"{path} is of a kind that holds no tags")
        if file.tags is None:
            file.add_tags()
        for name, text in texts.items():
            vorbis, id3 = _NAMES[name]
            if hasattr(file.tags, "setall"):
                file.tags.setall(id3, [_id3_frame(id3, text)])
            else:
                file.tags[vorbis] = [text]
        file.save()
    except mutagen.MutagenError as error:
        raise OSError(str(error)) from error


def _id3_frame(name: str, text: str) -> Any:
    from mutagen import id3

    utf8 = id3.Encoding.UTF8
    if name.startswith("TXXX:"):
        return id3.TXXX(encoding=utf8, desc=name.removeprefix("TXXX:"), text=[text])
    if name == "COMM":
        return id3.COMM(encoding=utf8, lang="eng", desc="", text=[text])
    return getattr(id3, name)(encoding=utf8, text=[text])


def read_tags(path: Path) -> AudioTags:
    """Read the tags of `path`; what is absent or unreadable comes back empty.

    Lesson: notebooks/15_whose_music.ipynb
    """
    import mutagen

    try:
        file = mutagen.File(path)
        texts = {name: _first_text(file.tags, *names) for name, names in _NAMES.items()}
    except Exception:  # tags are a courtesy: damaged ones must not keep anybody from the sound
        return AudioTags(comment="")
    digits = texts["seed"].lstrip("-")
    seed = int(texts["seed"]) if digits.isdecimal() and len(digits) <= 40 else None
    return AudioTags(
        texts["title"], texts["artist"], texts["comment"], texts["model"], seed, texts["licence"]
    )


def _first_text(tags: Any, vorbis: str, id3: str) -> str:
    if tags is None:
        return ""
    if not hasattr(tags, "getall"):
        return str(next(iter(tags.get(vorbis, ())), ""))
    frames = tags.getall(id3)
    return str(frames[0].text[0]) if frames and frames[0].text else ""
