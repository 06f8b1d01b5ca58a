"""Takes: a tree of versions that can be walked, cut, kept and read again."""

from __future__ import annotations

import json

import pytest
import torch

from jukebox_edu.errors import ConfigError, RunError
from jukebox_edu.song.takes import Take, Takes, same_codes


@pytest.fixture
def takes(song):
    """Two takes from nothing and a branch of the first."""
    tree = Takes()
    first = tree.add(song.take(0), "sampled seed 3")
    tree.add(song.take(1), "sampled seed 3, sample 2 of 2")
    tree.trim(0.96, first)
    return tree


def names(found):
    return [take.name for take in found]


def test_takes_are_numbered_named_and_the_newest_is_current(takes):
    assert names(takes) == ["take 1", "take 2", "take 3"]
    assert [take.number for take in takes] == [1, 2, 3]
    assert takes.current is takes[3] is takes["take 3"]
    assert repr(takes) == "Takes(3, current: 'take 3')"
    assert repr(takes[3]) == "Take(take 3 · trimmed to 0.96 s · 1.0 s)"


def test_the_tree_knows_children_and_lines(takes):
    assert names(takes.children()) == ["take 1", "take 2"]
    assert names(takes.children("take 1")) == ["take 3"]
    assert names(takes.line(3)) == ["take 1", "take 3"]
    assert takes.text().splitlines() == [
        "take 1 · sampled seed 3 · 1.9 s",
        "└─ take 3 · trimmed to 0.96 s · 1.0 s     <- now",
        "take 2 · sampled seed 3, sample 2 of 2 · 1.9 s",
    ]
    assert Takes().text() == "no takes yet"


def test_deep_and_wide_trees_are_drawn(song):
    tree, one = Takes(), song.take(0)
    root = tree.add(one, "a")
    left = tree.add(one, "b", root)
    tree.add(one, "c", left)
    tree.add(one, "d", left)
    tree.add(one, "e", root)
    drawn = [line.split(" · ")[0] for line in tree.text().splitlines()]
    assert drawn == ["take 1", "├─ take 2", "│  ├─ take 3", "│  └─ take 4", "└─ take 5"]
    for _ in range(2000):
        tree.add(one, "on and on", tree.current)
    assert len(tree.rows()) == 2005


def test_undo_and_redo_walk_through_what_was_current(takes):
    assert names([takes.undo(), takes.undo()]) == ["take 2", "take 1"]
    assert takes.undo() is None and not takes.can_undo and takes.undo() is None
    assert names([takes.redo(), takes.redo(), takes.redo()]) == ["take 1", "take 2", "take 3"]
    assert not takes.can_redo and takes.redo() is takes[3]


def test_a_new_take_after_an_undo_is_a_branch_and_nothing_is_lost(takes, song):
    takes.undo()
    new = takes.add(song.take(0), "another", takes.current)
    assert takes.current is new and not takes.can_redo
    assert len(takes) == 4 and names(takes.children(2)) == ["take 4"]
    assert takes.undo() is takes[2]
    takes.visit(3)
    assert takes.undo() is takes[2]


def test_visiting_the_current_take_is_no_step(takes):
    takes.visit(3)
    assert takes.undo() is takes[2]


def test_cuts_make_takes_and_leave_the_old_ones_alone(takes, song):
    before = [take.song for take in takes]
    take = takes.splice("take 2", at=0.5, take="take 1")
    cut = 0.448  # 7 whole top-level codes of 64 samples
    assert take.deed == "spliced at 0.448 s with take 2" and take.parent == 1
    for level, hop in enumerate(song.hop_lengths):
        n = round(cut * song.sample_rate) // hop
        assert torch.equal(take.song.codes[level][0, :n], song.codes[level][0, :n])
        assert torch.equal(take.song.codes[level][0, n:], song.codes[level][1, n:])
    assert [take.song for take in takes][:3] == before
    trimmed = takes.trim(0.5)
    assert trimmed.parent == take.number and trimmed.deed == "trimmed to 0.448 s"


def test_names_are_unique_and_can_be_changed(takes, song):
    takes.rename(2, "the good one")
    assert takes["the good one"].number == 2 and takes.current is takes[3]
    for name in ("take 1", "", "  ", None, 7):
        if name is not None:
            with pytest.raises(ConfigError, match="a name that no other take has"):
                takes.rename(2, name)
    takes.rename(2, "take 4")
    assert takes.add(song.take(0), "more").name == "take 4'"


@pytest.mark.parametrize("key", [0, 4, -1, "nobody", None, True, 1.5])
def test_what_is_no_take_is_refused_with_those_there_are(takes, key):
    with pytest.raises(ConfigError, match="the number or name of a take .*'take 1', 'take 2'"):
        takes[key]


def test_only_single_songs_become_takes(takes, song):
    for thing in (song, None, "song"):
        with pytest.raises(ConfigError, match=r"one Song.*song.take\(0\)"):
            takes.add(thing, "no")
    with pytest.raises(ConfigError, match="Sing one first"):
        Takes().trim(1.0)
    with pytest.raises(ConfigError, match="seconds=99"):
        takes.trim(99)
    assert len(takes) == 3


def test_equal_songs_are_found_among_the_children_of_one_parent(takes, song):
    assert takes.find(song.take(1)) is takes[2]
    assert takes.find(song.take(1), parent=1) is None
    assert takes.find(takes[3].song, parent=1) is takes[3]
    assert not same_codes(song.take(0), song.take(1))


# ---- folders ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(song, tmp_path_factory):
    tree = Takes()
    first = tree.add(song.take(0), "sampled seed 3")
    tree.trim(0.96, first)
    tree.rename(2, "short")
    tree.undo()
    return tree, tree.save(tmp_path_factory.mktemp("takes") / "mine")


def test_a_saved_tree_comes_back_whole(kept, model):
    tree, folder = kept
    back = Takes.load(folder, model)
    assert back.text() == tree.text()
    assert [(t.number, t.name, t.deed, t.parent) for t in back] == [
        (t.number, t.name, t.deed, t.parent) for t in tree
    ]
    assert all(same_codes(a.song, b.song) for a, b in zip(back, tree, strict=True))
    assert back.current.name == "take 1" and back.redo().name == "short"
    assert back[2].song.provenance == tree[2].song.provenance
    silent = Takes.load(folder)  # without a model sound comes from the files
    assert silent[2].song.audio().shape == (960,)


def test_saving_again_writes_only_what_is_new(kept, song, model):
    tree, folder = kept
    old = {p: p.stat().st_mtime_ns for p in folder.glob("take_001/*")}
    grown = Takes.load(folder, model)
    grown.add(song.take(1), "more")
    grown.save(folder)
    assert {p: p.stat().st_mtime_ns for p in folder.glob("take_001/*")} == old
    assert len(Takes.load(folder)) == 3
    with pytest.raises(RunError, match="holds other takes"):
        tree.save(folder)  # has fewer takes than the folder


def test_a_folder_of_other_takes_is_refused_and_kept(kept, song, tmp_path):
    _, folder = kept
    other = Takes()
    other.add(song.take(1), "something else")
    before = (folder / "takes.json").read_bytes()
    with pytest.raises(RunError, match="holds other takes"):
        other.save(folder)
    assert (folder / "takes.json").read_bytes() == before
    other.save(tmp_path / "empty")
    assert Takes.load(tmp_path / "empty")[1].deed == "something else"


def test_an_empty_tree_can_be_kept_too(tmp_path):
    Takes().save(tmp_path)
    assert len(Takes.load(tmp_path)) == 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"format": "cake"}, "cake"),
        ({"format_version": 2}, "2"),
        ({"takes": 5}, "damaged"),
        ({"takes": [{"deed": "a", "parent": None}]}, "'name' is missing"),
        ({"takes": [{"name": "a", "deed": "a", "parent": 1}]}, "take 1 was made from take 1"),
        ({"takes": [{"name": "a", "deed": "a", "parent": "../x"}]}, "damaged"),
        ({"at": 7}, "at is 7"),
        ({"visited": [9]}, "damaged.*take=9"),
    ],
)
def test_damaged_records_are_reported(kept, tmp_path, change, text):
    _, folder = kept
    record = json.loads((folder / "takes.json").read_text())
    for name in ("take_001", "take_002", "take_003"):
        if (folder / name).exists():
            (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "takes.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(RunError, match=text):
        Takes.load(tmp_path)


def test_no_takes_at_all(tmp_path):
    with pytest.raises(RunError, match="no takes in"):
        Takes.load(tmp_path)
    (tmp_path / "takes.json").write_text("oops")
    with pytest.raises(RunError, match="damaged"):
        Takes.load(tmp_path)


def test_takes_are_frozen(takes):
    with pytest.raises(AttributeError):
        takes[1].name = "other"
    assert isinstance(takes[1], Take)
