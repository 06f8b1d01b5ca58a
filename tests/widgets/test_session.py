"""A session: one thread that writes a song, stops at any code and goes on with equal codes."""

from __future__ import annotations

import threading

import pytest
import torch

from jukebox_edu.errors import ConfigError, RunError
from jukebox_edu.widgets.session import News, Session, one_line
from jukebox_edu.widgets.work import continue_work, sing_work, upsample_work

WORDS = {"lyrics": "la la love", "artist": "Ada", "genre": "waltz"}
LONG = 60  # seconds that a test waits before it fails


@pytest.fixture
def sing(model, tmp_path):
    def make(**changes):
        return sing_work(model, tmp_path, **{**WORDS, "seconds": 1.92, "seed": 9, **changes})

    return make


class Listener:
    """Keeps all news; does something at chosen ones."""

    def __init__(self, at=None):
        self.news: list[News] = []
        self.at = at

    def __call__(self, news):
        self.news.append(news)
        if self.at is not None:
            self.at(news)

    @property
    def last(self):
        return self.news[-1]

    @property
    def parts(self):
        return [news.part for news in self.news if news.part is not None]


@pytest.fixture
def open_session():
    """Sessions that are closed at the end, and no thread is left."""
    opened = []

    def make(at=None):
        listener = Listener(at)
        session = Session(listener)
        opened.append(session)
        return session, listener

    yield make
    for session in opened:
        session.close()
    names = [thread.name for thread in threading.enumerate()]
    assert "jukebox_edu session" not in names


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.codes, b.codes, strict=True))


def test_a_session_writes_the_song_that_sample_writes(model, sing, open_session):
    session, listener = open_session()
    session.start(sing(n_samples=2))
    assert session.wait(LONG)
    assert session.state == listener.last.state == "done" and not session.resumable
    whole = model.sample(**WORDS, seconds=1.92, seed=9, n_samples=2, progress=False)
    assert same(listener.last.song, whole)
    assert listener.last.song.provenance == whole.provenance
    assert [part.level for part in listener.parts] == [2, 2, 1, 1, 0, 0]  # top first
    for level in range(3):
        mine = [part.codes for part in listener.parts if part.level == level]
        assert torch.equal(torch.cat(mine, dim=1), whole.codes[level])


def test_news_come_from_the_thread_and_shares_grow(sing, open_session):
    threads = set()
    session, listener = open_session(lambda news: threads.add(threading.current_thread().name))
    session.start(sing())
    session.wait(LONG)
    assert threads == {"jukebox_edu session"}
    shares = [news.share for news in listener.news]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert listener.news[0].text.startswith("top level, 0 %")
    assert listener.last.text == "210 of 210 codes"


@pytest.mark.parametrize("number", [0, 1, 3, 5])
def test_stopped_and_resumed_gives_the_codes_of_an_undisturbed_run(
    model, sing, open_session, number
):
    def stop(news):
        if news.part is not None and len(listener.parts) == number + 1:
            session.stop()

    session, listener = open_session(stop)
    session.start(sing(seed=number))
    assert session.wait(LONG)
    if session.state == "stopped":  # the last part may come after the last code
        assert session.resumable and listener.last.song is None
        assert 0 < listener.last.share < 1
        listener.at = None
        session.resume()
        assert session.wait(LONG)
    assert session.state == "done"
    whole = model.sample(**WORDS, seconds=1.92, seed=number, progress=False)
    assert same(listener.last.song, whole)


def test_it_stops_inside_a_part_after_the_very_code(model, sing, open_session):
    """The stop is seen at the next code, not at the next second of sound."""
    calls = [0]

    def count(*_):
        calls[0] += 1
        if calls[0] == 40:
            session.stop()

    hook = model.priors[0].music.transformer.layers[0].mlp.up.register_forward_hook(count)
    session, listener = open_session()
    try:
        session.start(sing())
        session.wait(LONG)
    finally:
        hook.remove()
    assert session.state == "stopped" and calls[0] == 40
    done = int(listener.last.text.split()[0])
    assert 30 + 60 < done <= 30 + 60 + 40  # all of the upper levels, and not one code more


def test_resuming_in_another_session_needs_only_the_same_request(model, sing, open_session):
    first, listener = open_session(lambda news: news.part is not None and first.stop())
    first.start(sing())
    first.wait(LONG)
    assert first.state == "stopped"
    first.close()
    second, listener = open_session()
    second.start(sing())
    second.wait(LONG)
    assert same(listener.last.song, model.sample(**WORDS, seconds=1.92, seed=9, progress=False))


def test_the_same_request_has_the_same_folder_and_another_has_another(sing):
    assert sing().folder == sing().folder
    others = [{"seed": 10}, {"lyrics": "no"}, {"seconds": 0.96}, {"n_samples": 2}, {"levels": 2}]
    folders = {sing(**change).folder for change in others}
    assert len(folders) == 5 and sing().folder not in folders


def test_a_second_start_while_one_runs_is_refused(sing, open_session):
    refused = []

    def try_again(news):
        if news.part is not None:
            for act in (lambda: session.start(sing(seed=1)), session.resume):
                with pytest.raises(RunError) as error:
                    act()
                refused.append(str(error.value))

    session, listener = open_session(try_again)
    session.start(sing())
    session.wait(LONG)
    assert session.state == "done"
    assert set(refused) == {
        "A song is being written. Stop it first, or wait for it.",
        "A song is being written already.",
    }


def test_nothing_to_resume(sing, open_session):
    session, _ = open_session()
    with pytest.raises(RunError, match="nothing to resume"):
        session.resume()
    session.stop()  # nothing runs: harmless
    session.start(sing())
    session.wait(LONG)
    assert session.state == "done"
    with pytest.raises(RunError, match="nothing to resume"):
        session.resume()


def test_after_an_error_the_session_is_usable_and_can_resume(model, sing, open_session):
    calls = [0]

    def fail(*_):
        calls[0] += 1
        if calls[0] == 20:
            raise MemoryError("no room\nat all")

    hook = model.priors[1].music.transformer.layers[0].mlp.up.register_forward_hook(fail)
    session, listener = open_session()
    try:
        session.start(sing())
        session.wait(LONG)
    finally:
        hook.remove()
    assert session.state == listener.last.state == "failed"
    assert listener.last.error == "MemoryError: no room at all"
    assert isinstance(session.error, MemoryError)
    session.resume()
    session.wait(LONG)
    assert session.state == "done" and session.error is None
    assert same(listener.last.song, model.sample(**WORDS, seconds=1.92, seed=9, progress=False))


def test_an_error_of_the_listener_ends_the_run_and_frees_the_folder(sing, open_session):
    def fail(news):
        if news.part is not None:
            raise ValueError("cannot show this")

    session, listener = open_session(fail)
    session.start(sing())
    session.wait(LONG)
    assert session.state == "failed" and listener.last.error == "ValueError: cannot show this"
    listener.at = None
    session.resume()
    session.wait(LONG)
    assert session.state == "done"


def test_closing_stops_the_thread_and_nothing_starts_again(sing, open_session):
    began = threading.Event()
    session, listener = open_session(lambda news: began.set())
    session.start(sing(seconds=9.6))
    assert began.wait(LONG)
    session.close()
    assert session.state == "stopped" and not session.running
    with pytest.raises(RunError, match="closed"):
        session.start(sing())
    session.close()  # twice is once


def test_a_session_that_nobody_holds_asks_its_thread_to_stop(open_session):
    session = Session(print)
    stop = session._stop
    del session
    assert stop.is_set()


def test_continued_and_upsampled_works_are_those_of_the_model(model, sing, open_session, tmp_path):
    session, listener = open_session()
    session.start(sing(levels=2, seconds=0.96))
    session.wait(LONG)
    rough = listener.last.song
    assert rough.levels == (2,)
    session.start(upsample_work(model, tmp_path, rough))
    session.wait(LONG)
    fine = listener.last.song
    assert same(fine, model.upsample(rough, progress=False))
    session.start(continue_work(model, tmp_path, fine, 0.96, seed=4))
    session.wait(LONG)
    longer = listener.last.song
    whole = model.continue_song(fine, seconds=0.96, seed=4, progress=False)
    assert same(longer, whole) and longer.provenance == whole.provenance
    assert longer.provenance.history[-1].startswith("continued")
    with pytest.raises(ConfigError, match="lacks a level"):
        upsample_work(model, tmp_path, longer)


def test_works_say_what_was_chosen_and_refuse_at_once(sing):
    work = sing(artist=None, genre="waltzz", seconds=1.95)
    assert any("rounded down" in note for note in work.notes)
    assert any("No artist was given" in note for note in work.notes)
    assert any("'waltzz'" in note and "'waltz'" in note for note in work.notes)
    with pytest.raises(ConfigError, match="seconds=-1"):
        sing(seconds=-1)


def test_errors_become_one_line():
    assert one_line(RunError("a\n b")) == "a b"
    assert one_line(KeyboardInterrupt()) == "KeyboardInterrupt"
