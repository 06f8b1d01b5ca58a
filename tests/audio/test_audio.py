"""Reading and writing sound: round trips, odd formats, hostile files, full disks."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jukebox_edu import audio
from jukebox_edu.errors import AudioError, ConfigError, RunError, ShapeError
from jukebox_edu.samples import data_samples

RATE = 16000


def tone(
    seconds: float = 0.5, rate: int = RATE, hertz: float = 440.0, channels: int = 1
) -> np.ndarray:
    """A sine of amplitude 0.5; channel k is k times as quiet. Shape (channels, samples)."""
    time = np.arange(int(seconds * rate)) / rate
    gains = 1 / np.arange(1, channels + 1)
    wave = 0.5 * np.sin(2 * math.pi * hertz * time)
    return (gains[:, None] * wave).astype(np.float32)


def snr_db(reference: np.ndarray, other: np.ndarray) -> float:
    """Signal-to-noise ratio of `other` against `reference`."""
    noise = np.mean((reference - other) ** 2)
    return 10 * math.log10(np.mean(reference**2) / max(noise, 1e-20))


# ---- reading -------------------------------------------------------------------------------------

STEPS = {"PCM_U8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-23, "FLOAT": 0.0}


@pytest.mark.parametrize("subtype", STEPS)
def test_every_bit_depth_reads_back_within_its_step(tmp_path: Path, subtype: str) -> None:
    wave = tone()[0]
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype=subtype)
    clip = audio.load(tmp_path / "a.wav")
    assert clip.samples.dtype == np.float32 and clip.sample_rate == RATE
    assert np.abs(clip.samples - wave).max() <= 1.5 * STEPS[subtype]


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000, 192000])
def test_every_rate_reads_and_resamples_to_the_same_tone(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1.0, rate)[0], rate)
    clip = audio.load(tmp_path / "a.wav", sample_rate=RATE)
    assert clip.samples.shape == (RATE,) and clip.seconds == 1.0
    middle = slice(RATE // 10, -RATE // 10)  # away from the edges, where the filter rings
    assert snr_db(tone(1.0)[0][middle], clip.samples[middle]) > 60


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 12])
@pytest.mark.parametrize("suffix", ["wav", "ogg", "aiff"])
def test_every_channel_count_mixes_to_the_mean(tmp_path: Path, channels: int, suffix: str) -> None:
    wave = tone(channels=channels)
    soundfile.write(tmp_path / f"a.{suffix}", wave.T, RATE)
    every = audio.load(tmp_path / f"a.{suffix}", mono=False).samples
    assert every.shape == (channels, wave.shape[1])
    mixed = audio.load(tmp_path / f"a.{suffix}").samples
    np.testing.assert_allclose(mixed, every.mean(axis=0), atol=1e-6)
    assert snr_db(wave[0], every[0]) > 15


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_stretch_is_that_part_of_the_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 3 * RATE) * np.linspace(0, 1, 3 * RATE)
    soundfile.write(path, noise, RATE)
    whole = audio.load(path).samples
    part = audio.load(path, start=1.25, seconds=0.5).samples
    assert part.shape == (RATE // 2,)
    np.testing.assert_allclose(part, whole[int(1.25 * RATE) : int(1.75 * RATE)], atol=1e-6)
    rest = audio.load(path, start=2.5, seconds=100).samples  # longer than there is
    assert rest.shape == (RATE // 2,)


def test_an_mp3_read_in_blocks_is_the_one_read_at_once() -> None:
    """What follows a seek in an MP3 is damaged: reading must not seek."""
    paths = [song.path for song in data_samples() if song.path.suffix == ".mp3"]
    assert paths
    for path in paths:
        whole, _ = soundfile.read(path, dtype="float32")
        np.testing.assert_allclose(audio.load(path).samples, whole, atol=1e-6)


def test_unicode_paths_and_plain_strings(tmp_path: Path) -> None:
    path = tmp_path / "ça chante ♪ 歌 🎵" / "übung №1.flac"
    saved = audio.save(str(path), tone(), RATE, tags=audio.AudioTags(title="歌 🎵"))
    clip = audio.load(str(path))
    assert saved.path == clip.path == path and clip.tags.title == "歌 🎵"


def bad_file(folder: Path, kind: str) -> Path:
    """Make a file, or something that is none, which cannot be read as sound."""
    path = folder / "a.wav"
    if kind == "missing":
        return path
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("la la la\n" * 500)
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(1).bytes(5000))
    elif kind == "no samples":
        soundfile.write(path, np.zeros(0), RATE)
    elif kind == "header only":
        soundfile.write(path, tone()[0], RATE)
        path.write_bytes(path.read_bytes()[:20])
    elif kind == "raw":
        path = folder / "a.raw"
        path.write_bytes(bytes(1000))
    elif kind == "nan":
        soundfile.write(path, np.array([0.0, np.nan]), RATE, subtype="FLOAT")
    elif kind == "infinite":
        soundfile.write(path, np.array([0.0, np.inf]), RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "must be an existing audio file. The present folder is"),
        ("folder", "must be an audio file, not a folder"),
        ("empty", "is empty"),
        ("text", "no audio file that can be read"),
        ("noise", "no audio file that can be read"),
        ("no samples", "holds no sound"),
        ("header only", "no audio file that can be read|holds no sound"),
        ("raw", "no audio file that can be read"),
        ("nan", "NaN or infinite samples after 0.00 s"),
        ("infinite", "NaN or infinite"),
    ],
)
def test_what_is_no_sound_is_refused_by_name(tmp_path: Path, kind: str, says: str) -> None:
    path = bad_file(tmp_path, kind)
    with pytest.raises(AudioError, match=says) as caught:
        audio.load(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["m4a", "aac", "wma"])
def test_formats_that_need_ffmpeg_come_with_the_command(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"my song.{suffix}"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    with pytest.raises(AudioError, match="ffmpeg -i '.*my song.*' 'my song.flac'"):
        audio.load(path)


@pytest.mark.parametrize("suffix", ["flac", "mp3", "ogg"])
def test_a_file_cut_in_half_is_not_taken_for_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    audio.save(path, tone(4.0), RATE)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match="cut off"):
        audio.load(path)


def test_the_readable_part_of_a_damaged_file_can_be_had(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    audio.save(path, tone(4.0), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert audio.load(path, seconds=1.0).seconds == 1.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": -1}, "start=-1"),
        ({"start": math.nan}, "start=nan"),
        ({"seconds": 0}, "seconds=0"),
        ({"seconds": "long"}, "seconds='long'"),
        ({"sample_rate": 0}, "sample_rate=0"),
        ({"sample_rate": 44100.5}, "sample_rate=44100.5"),
        ({"sample_rate": True}, "sample_rate=True"),
    ],
)
def test_absurd_numbers_are_refused(tmp_path: Path, options: dict, says: str) -> None:
    audio.save(tmp_path / "a.wav", tone(), RATE)
    with pytest.raises(ConfigError, match=says):
        audio.load(tmp_path / "a.wav", **options)


def test_a_start_behind_the_end_is_refused(tmp_path: Path) -> None:
    audio.save(tmp_path / "a.wav", tone(0.5), RATE)
    with pytest.raises(AudioError, match=r"start=0.5: must be before the end .* at 0.500 s"):
        audio.load(tmp_path / "a.wav", start=0.5)


def test_a_path_must_be_a_path() -> None:
    with pytest.raises(AudioError, match="path=3: must be the name of an audio file"):
        audio.load(3)  # type: ignore[arg-type]


def test_a_header_with_an_absurd_rate_is_refused(tmp_path: Path) -> None:
    audio.save(tmp_path / "a.wav", tone(), RATE)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[24:28] = (1).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ConfigError, match="sample rate of .*a.wav=1"):
        audio.load(tmp_path / "a.wav")


# ---- arrays --------------------------------------------------------------------------------------


def test_silence_is_refused_only_where_asked(tmp_path: Path) -> None:
    audio.save(tmp_path / "a.wav", np.zeros(100), RATE)
    samples = audio.load(tmp_path / "a.wav").samples
    with pytest.raises(AudioError, match="prompt is silent: all of its 100 samples are zero"):
        audio.check_not_silent(samples, "prompt")
    samples[50] = 1e-4
    audio.check_not_silent(samples, "prompt")


def test_as_mono_is_the_mean_and_keeps_one_channel() -> None:
    wave = tone(channels=3)
    np.testing.assert_allclose(audio.as_mono(wave), wave.mean(axis=0), atol=1e-7)
    assert np.array_equal(audio.as_mono(wave[0]), wave[0])
    assert audio.as_mono(wave.astype(np.float64)).dtype == np.float32


@pytest.mark.parametrize(
    ("array", "error", "says"),
    [
        (np.zeros((2, 2, 5)), ShapeError, r"prompt.shape=\(2, 2, 5\): must be an array \(samples,"),
        (np.zeros((500, 2)), ShapeError, "Transpose it"),
        (np.zeros(0), AudioError, "must be not empty"),
        (np.zeros(5, np.int16), AudioError, "Divide 16-bit integers by 32768"),
        (np.array([0, np.nan, np.inf]), AudioError, "prompt holds 2 samples that are NaN"),
    ],
)
def test_arrays_that_are_no_waveform(array: np.ndarray, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        audio.as_mono(array, "prompt")


@settings(deadline=None, max_examples=25)
@given(
    n_samples=st.integers(1, 5000),
    rate=st.sampled_from([8000, 11025, 16000, 44100, 48000]),
    target=st.sampled_from([8000, 11025, 16000, 44100, 48000]),
)
def test_resampling_keeps_the_duration(n_samples: int, rate: int, target: int) -> None:
    out = audio.resample(np.zeros((2, n_samples), np.float32), rate, target)
    assert out.shape == (2, -(-n_samples * target // rate)) and out.dtype == np.float32


@pytest.mark.parametrize(("rate", "target"), [(11025, 8000), (8000, 11025), (8000, 44100)])
def test_resampling_in_pieces_is_resampling_the_whole(rate: int, target: int) -> None:
    import librosa

    noise = np.random.default_rng(2).uniform(-0.5, 0.5, 65 * rate + 77).astype(np.float32)
    whole = librosa.resample(noise, orig_sr=rate, target_sr=target, res_type="soxr_hq")
    np.testing.assert_allclose(audio.resample(noise, rate, target), whole, atol=2e-6)


def test_resampling_nothing_is_refused() -> None:
    with pytest.raises(AudioError, match="must be not empty"):
        audio.resample(np.zeros(0, np.float32), 8000, 16000)


@given(hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-2, 2, width=32)))
def test_figures_of_loudness_by_their_definitions(wave: np.ndarray) -> None:
    assert audio.peak(wave) == np.abs(wave).max()
    assert audio.clipped_share(wave) == np.mean(np.abs(wave) > 1)
    power = np.mean(wave.astype(np.float64) ** 2)
    if power > 1e-20:
        assert audio.rms_db(wave) == pytest.approx(10 * math.log10(power), abs=1e-3)


def test_silence_has_no_level() -> None:
    assert audio.rms_db(np.zeros(10)) == -math.inf and audio.peak(np.zeros(0)) == 0.0


# ---- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "least"), [("wav", 80), ("flac", 80), ("ogg", 20), ("mp3", 25)])
@pytest.mark.parametrize("channels", [1, 2])
def test_round_trip(tmp_path: Path, suffix: str, least: float, channels: int) -> None:
    wave = tone(2.3, channels=channels)
    saved = audio.save(tmp_path / f"a.{suffix}", wave, RATE)
    back = audio.load(saved.path, mono=False).samples
    assert back.shape == wave.shape  # the length survives, in the lossy formats too
    assert snr_db(wave, back) > least
    assert saved.seconds == pytest.approx(2.3) and saved.peak == pytest.approx(0.5, abs=1e-3)
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{suffix}"]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_tags_come_back(tmp_path: Path, suffix: str) -> None:
    tags = audio.AudioTags("Lullaby №1", "alto", "generated", "tiny-1", 2**64 + 1, "CC0-1.0")
    path = tmp_path / f"a.{suffix}"
    audio.save(path, tone(), RATE, tags=tags)
    clip = audio.load(path)
    assert clip.tags == tags
    assert snr_db(tone()[0], clip.samples) > 20


def test_a_file_without_tags_has_empty_ones(tmp_path: Path) -> None:
    audio.save(tmp_path / "a.flac", tone(), RATE)
    assert audio.load(tmp_path / "a.flac").tags == audio.AudioTags(comment="")


def test_damaged_tags_do_not_keep_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    audio.save(path, tone(), RATE, tags=audio.AudioTags(title="x" * 100))
    content = bytearray(path.read_bytes())
    content[12:100] = b"\xff" * 88  # inside the ID3 tag
    path.write_bytes(content)
    clip = audio.load(path)
    assert clip.samples.shape == (RATE // 2,) and clip.tags.title != "x" * 100


def test_samples_beyond_full_scale_are_clamped_and_counted(tmp_path: Path) -> None:
    wave = np.array([0.0, 0.5, 1.0, 1.5, -3.0, -1.0, 0.0, 0.0])
    saved = audio.save(tmp_path / "a.wav", wave, RATE)
    assert saved.clipped_share == 2 / 8 and saved.peak == 3.0
    back = audio.load(saved.path).samples
    np.testing.assert_allclose(back, np.clip(wave, -1, 1), atol=2**-14)


def test_a_long_vorbis_file_is_written_whole(tmp_path: Path) -> None:
    wave = np.tile(tone(1.0, 8000)[0], 300)
    audio.save(tmp_path / "a.ogg", wave, 8000)
    assert soundfile.info(str(tmp_path / "a.ogg")).frames == 300 * 8000


@pytest.mark.parametrize(
    ("name", "channels", "rate", "says"),
    [
        ("a.m4a", 1, RATE, r"must be a name ending in .wav, .flac, .ogg, .mp3"),
        ("a", 1, RATE, "must be a name ending in"),
        ("a.mp3", 3, RATE, "channels=3: must be at most 2 for MP3"),
        ("a.flac", 9, RATE, "channels=9: must be at most 8 for FLAC"),
        ("a.mp3", 1, 96000, "sample_rate=96000: must be one of .* for MP3. Resample it"),
        ("a.ogg", 1, 250000, "sample_rate=250000: must be at most 200000 for OGG"),
    ],
)
def test_what_a_format_cannot_hold_is_said_before_writing(
    tmp_path: Path, name: str, channels: int, rate: int, says: str
) -> None:
    with pytest.raises(AudioError, match=says):
        audio.save(tmp_path / name, np.zeros((channels, 100)), rate)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_with_nan_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="samples holds 1 samples that are NaN"):
        audio.save(tmp_path / "a.wav", np.array([0.0, np.nan]), RATE)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_files() -> object:
    """Let no file grow beyond 60,000 bytes: to the writer this is a full disk."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_full_disk_leaves_the_old_file_and_no_half(
    tmp_path: Path, small_files: object, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    audio.save(path, tone(), RATE)
    before = path.read_bytes()
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, 40 * RATE)
    with pytest.raises(RunError, match=rf"a.{suffix} cannot be written: .*make room") as caught:
        audio.save(path, noise, RATE)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RunError, match="cannot be written: .*(directory|exists)"):
        audio.save(tmp_path / "taken" / "a.wav", tone(), RATE)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="nothing is read-only for the administrator",
)
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        with pytest.raises(RunError, match="cannot be written: Permission denied"):
            audio.save(tmp_path / "a.wav", tone(), RATE)
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_bytes_for_players_are_files_in_memory(tmp_path: Path) -> None:
    wave = tone(1.5)[0]
    mp3 = audio.encode_mp3(wave, RATE)
    assert mp3 == audio.encode_mp3(wave, RATE)  # pages stay byte-stable
    (tmp_path / "a.mp3").write_bytes(mp3)
    (tmp_path / "a.wav").write_bytes(audio.encode_wav(wave, RATE))
    assert snr_db(wave, audio.load(tmp_path / "a.mp3").samples) > 25
    assert snr_db(wave, audio.load(tmp_path / "a.wav").samples) > 80
    assert len(mp3) < (tmp_path / "a.wav").stat().st_size / 3


def test_stronger_compression_is_smaller() -> None:
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, 2 * RATE)
    sizes = [len(audio.encode_mp3(noise, RATE, compression=c)) for c in (0.0, 0.9)]
    assert sizes[1] < sizes[0]
    with pytest.raises(AudioError, match="compression=2: must be from 0 to 1"):
        audio.encode_mp3(noise, RATE, compression=2)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".wav"])
def test_loudness_is_kept(tmp_path, suffix):
    """A sine comes back as loud as it went in."""
    rate = 16000
    sine = (0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)).astype(np.float32)
    audio.save(tmp_path / f"sine{suffix}", sine, rate)
    back = audio.load(tmp_path / f"sine{suffix}").samples
    middle = slice(rate // 2, 3 * rate // 2)  # away from the borders
    assert np.abs(back[middle]).std() == pytest.approx(np.abs(sine[middle]).std(), rel=0.01)
