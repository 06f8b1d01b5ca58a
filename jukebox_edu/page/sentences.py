"""What a picture shows, said in a sentence: for those who listen to the page.

What
    Every canvas and poster carries one of these sentences. They are made from the data, so they
    are true of this song and not of pictures in general.
Conventions
    Times in seconds with one decimal; `lyrics` are quoted at most 60 characters long.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import numpy as np

from jukebox_edu.page.data import CodeLane, PageData, Track

QUOTE = 60  # characters of lyrics quoted in a sentence


def level_name(level: int, n_levels: int) -> str:
    """Name of a level as the pages write it.

    Lesson: notebooks/04_three_levels.ipynb

    >>> level_name(0, 3), level_name(1, 3), level_name(2, 3)
    ('bottom', 'middle', 'top')
    """
    if level == 0:
        return "bottom"
    if level == n_levels - 1:
        return "top"
    return "middle" if n_levels == 3 else f"level {level}"


def track_sentence(track: Track) -> str:
    """Describe the waveform of one track.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    peak = float(np.abs(track.samples).max())
    if peak == 0.0:
        return f"Waveform, {track.label}: {track.seconds:.1f} seconds of silence."
    at = int(np.abs(track.samples).argmax()) / track.sample_rate
    rms = float(np.sqrt(np.mean(track.samples.astype(np.float64) ** 2)))
    text = (
        f"Waveform, {track.label}: {track.seconds:.1f} seconds, average level (RMS) {rms:.2f}, "
        f"loudest at {at:.1f} s with {peak:.2f} of full scale"
    )
    return f"{text}; {clipped_text(track)}." if track.clipped_share else f"{text}."


def spectrum_sentence(track: Track, frame: int = 2048) -> str:
    """Describe the spectrogram of one track: where its energy lies.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    n_frames = -(-track.samples.size // frame)
    padded = np.zeros(n_frames * frame, np.float32)
    padded[: track.samples.size] = track.samples
    power = np.zeros(frame // 2 + 1)  # (frequencies,)
    for first in range(0, n_frames, 256):  # a part at a time: a long song needs no more memory
        frames = padded.reshape(n_frames, frame)[first : first + 256] * np.hanning(frame)
        power += (np.abs(np.fft.rfft(frames)) ** 2).sum(0)
    if power.sum() == 0:
        return f"Spectrogram, {track.label}: silence."
    share = np.cumsum(power) / power.sum()
    half, most = (int(np.searchsorted(share, part)) * track.sample_rate / frame
                  for part in (0.5, 0.95))  # fmt: skip
    return (
        f"Spectrogram, {track.label}: half of the energy lies below {half:,.0f} Hz, "
        f"95 % below {most:,.0f} Hz."
    )


def clipped_text(track: Track) -> str:
    """Say how much of a track lies outside full scale.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    percent = 100 * track.clipped_share
    if percent == 0:
        return "nothing clipped"
    return "under 0.01 % clipped" if percent < 0.01 else f"{percent:.2f} % clipped"


def lane_sentence(lane: CodeLane, n_levels: int) -> str:
    """Describe the codes of one level.

    Lesson: notebooks/04_three_levels.ipynb
    """
    used = len(np.unique(lane.codes))
    return (
        f"Codes of level {lane.level} ({level_name(lane.level, n_levels)}): {lane.codes.size:,}, "
        f"one each {1000 * lane.hop_seconds:.3g} ms; {used:,} of {lane.codebook_size:,} "
        f"codebook entries used."
    )


def alignment_sentence(data: PageData) -> str:
    """Describe the attention over the lyrics: where it starts, ends, and how it moves.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if data.alignment is None:
        return ""
    looked_at = data.alignment.argmax(axis=1)  # (frames,)
    forward = float(np.mean(np.diff(looked_at) >= 0)) if looked_at.size > 1 else 1.0
    return (
        f"Attention over the lyrics: from character {looked_at[0] + 1} at 0.0 s to character "
        f"{looked_at[-1] + 1} of {len(data.lyrics)} at {data.seconds:.1f} s, moving forward or "
        f"resting in {100 * forward:.0f} % of the steps."
    )


def truth_sentence(data: PageData) -> str:
    """Say how far the times that were read are from the true ones.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if data.character_times is None or data.true_times is None:
        return ""
    late = np.abs(data.character_times - data.true_times)[:, 0]
    late = late[np.isfinite(late)]
    if not late.size:
        return ""
    return (
        f"Times read from the attention against the true times: half of the characters begin "
        f"within {np.median(late):.2f} s, {100 * np.mean(late <= 0.12):.0f} % within 0.12 s."
    )


def poster_sentence(data: PageData) -> str:
    """Describe the whole picture of a song.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    parts = [f"The song {data.title!r} on one time axis.", track_sentence(data.tracks[0])]
    parts += [lane_sentence(lane, data.n_levels) for lane in data.lanes]
    if data.alignment is not None:
        parts.append(alignment_sentence(data))
    parts += [truth_sentence(data)] * bool(truth_sentence(data))
    if data.lyrics.strip():
        words = " ".join(data.lyrics.split())
        parts.append(f"Lyrics: {words if len(words) <= QUOTE else words[: QUOTE - 1] + '…'}")
    return " ".join(parts)
