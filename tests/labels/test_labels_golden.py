"""Labels, windows and text cleaning against numbers of the released program."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from jukebox_edu.config import LabelConfig, LyricConfig, PriorConfig, TransformerConfig
from jukebox_edu.errors import LyricsError
from jukebox_edu.labels import (
    LabelVocabularies,
    SongLabels,
    UnknownNameWarning,
    Vocabulary,
    alphabet,
    detokenize,
    explain_cleaning,
    linear_middle,
    normalize,
    tokenize,
    vocab_size,
    window_indices,
)


@pytest.fixture(scope="module")
def lists(shared_folder):
    def read(version: str) -> LabelVocabularies:
        ids = shared_folder / "spec" / "ids"
        if not ids.exists():
            pytest.skip("no lists of the released models")
        return LabelVocabularies(
            Vocabulary.from_id_file(ids / f"{version}_artist_ids.txt", version, "artist"),
            Vocabulary.from_id_file(ids / f"{version}_genre_ids.txt", version, "genre"),
        )

    return {version: read(version) for version in ("v2", "v3")}


def prior_of(labeller: dict, lists: dict) -> PriorConfig:
    version = "v3" if labeller["v3"] else "v2"
    hop, n_tokens = labeller["raw_to_tokens"], labeller["n_tokens"]
    return PriorConfig(
        level=0,
        n_ctx=labeller["sample_length"] // hop,
        codebook_size=2048,
        hop_length=hop,
        sample_rate=44100,
        transformer=TransformerConfig(width=8, depth=1, m_attn=1.0),
        labels=LabelConfig(
            version=version,
            n_genres=lists[version].genres.n_ids,
            n_artists=lists[version].artists.n_ids,
            max_genres=labeller["max_genre_words"],
            min_duration=60.0,
            timing=hop == 128,
        ),
        lyrics=LyricConfig(n_tokens, vocab_size=vocab_size(version)) if n_tokens else None,
    )


def song_of(meta: dict, labeller: dict, lists: dict) -> SongLabels:
    version = "v3" if labeller["v3"] else "v2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownNameWarning)
        return SongLabels.create(
            **meta, priors=[prior_of(labeller, lists)], vocabularies=[lists[version]]
        )


def test_label_vectors_at_creation(golden, lists):
    case = golden("labels")
    compared = 0
    for entry in case.manifest["cases"]:
        for name, expected in entry["expected"].items():
            labeller = case.manifest["config"]["labellers"][name]
            if "error" in expected:
                with pytest.raises(LyricsError, match=r"genre=.*at most 5 words"):
                    song_of(entry["meta"], labeller, lists)
                continue
            song = song_of(entry["meta"], labeller, lists)
            vector = song.window(0, 0, precision="float64").to_vector()
            assert torch.equal(vector, case.tensor(expected["y_array"])[None])
            assert song.levels[0].lyrics == (expected["clean_lyrics"],)
            assert len(song.levels[0].tokens[0]) == expected["n_full_tokens"]
            compared += 1
    assert compared > 0


def test_label_vectors_and_indices_of_moved_windows(golden, lists):
    case = golden("labels")
    songs = {}
    for shift in case.manifest["shifts"]:
        name = shift["labeller"]
        labeller = case.manifest["config"]["labellers"][name]
        vectors, indices = [], []
        for k in shift["case_ids"]:
            if (name, k) not in songs:
                songs[name, k] = song_of(case.manifest["cases"][k]["meta"], labeller, lists)
            vectors.append(songs[name, k].window(shift["start"], 0).to_vector())
            indices.append(songs[name, k].lyric_indices(shift["start"], 0))
        assert torch.equal(torch.cat(vectors), case.tensor(shift["y"]))
        if shift["indices"] is not None:
            assert torch.equal(torch.cat(indices), case.tensor(shift["indices"]).long())


def test_lyric_windows_in_both_precisions(golden):
    manifest = golden("labels").manifest
    differing = 0
    for w in manifest["lyric_windows"]:
        where = {key: w[key] for key in ("total_length", "offset", "duration")}
        found = {}
        for precision in ("float64", "float32"):
            middle = linear_middle(w["len"], **where, precision=precision)
            indices = window_indices(w["len"], w["n_tokens"], middle)
            assert indices[0] == w[f"first_index_{precision}"]
            assert indices[-1] == w[f"last_index_{precision}"]
            found[precision] = indices
        differing += not np.array_equal(found["float32"], found["float64"])
    assert differing == manifest["lyric_windows_where_float32_and_float64_differ"]


def test_cleaning_and_tokens(golden):
    for entry in golden("labels").manifest["clean"]:
        for version in ("v2", "v3"):
            cleaning = explain_cleaning(entry["raw"], version)
            assert cleaning.text == entry[version]
            assert list(tokenize(cleaning.text, version)) == entry[f"{version}_tokens"]
            assert detokenize(entry[f"{version}_tokens"], version) == entry[version]


def test_alphabets(golden):
    vocab = golden("labels").manifest["vocab"]
    for version in ("v2", "v3"):
        ids = {character: k for k, character in enumerate(alphabet(version), start=1)}
        assert ids | {"<unk>": 0} == vocab[version]
        assert vocab_size(version) == vocab[f"{version}_n_vocab"]
    assert alphabet("tiny") == alphabet("v3")


def test_v2_names_are_normalized(golden):
    for name, expected in golden("labels").manifest["v2_normalise"].items():
        assert normalize(name, "v2") == expected


def test_ids_of_released_lists(golden, lists):
    manifest = golden("labels").manifest
    for version, vocabularies in lists.items():
        for name, expected in manifest["artist_ids"][version].items():
            assert vocabularies.artists.match(name).ids == (expected,)
        for name, expected in manifest["genre_ids"][version].items():
            assert list(vocabularies.genres.match(name).ids) == expected


def test_names_of_released_ids(golden, lists):
    manifest = golden("labels").manifest
    for version, vocabularies in lists.items():
        for number, expected in manifest["artist_names"][version].items():
            assert vocabularies.artists.name_of(int(number)) == expected
        for numbers, expected in manifest["genre_names"][version].items():
            slots = [int(k) for k in numbers.strip("[]").split(",")]
            assert vocabularies.genres.name_of(slots) == expected
        stats = manifest["id_list_stats"][version]
        assert len(set(vocabularies.artists.names)) == stats["artists"]
        assert len(set(vocabularies.genres.names)) == stats["genres"]
        assert vocabularies.artists.n_ids == stats["artist_max"] + 1
        assert vocabularies.genres.n_ids == stats["genre_max"] + 1


def test_every_released_name_can_be_reached(lists):
    """Also the few that the rules of comparison alone would miss."""
    for vocabularies in lists.values():
        artists = vocabularies.artists
        missed = [name for name in artists.names if name and not artists.knows(name)]
        assert missed == []
