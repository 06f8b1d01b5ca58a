"""The report page: every figure, no script, hostile text shown as text."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from jukebox_edu.cli import main
from jukebox_edu.cli.evaluating import choose_songs, read_log, write_report
from jukebox_edu.cli.report_cells import percent, show
from jukebox_edu.cli.report_sections import introduction, sections
from jukebox_edu.errors import ConfigError, RunError, ShapeError
from jukebox_edu.evaluation import Estimate
from jukebox_edu.page.report import ReportSection, ReportTable, report_page, write_report_page
from jukebox_edu.plotting import (
    codebooks_figure,
    convergence_figure,
    costs_figure,
    figure_png,
    runs_figure,
    timing_figure,
)

HOSTILE = '</td><script>alert("x")</script>\u202e\x00<img src=x onerror=alert(1)>'
LOG = [{"run": "vqvae-0", "step": k, "total": 2.0 / k, "recons": 1.0} for k in range(1, 9)]
LOG += [{"run": "prior-2", "step": k, "nats": 6.0 - k / 10} for k in range(1, 9)]


class Parts(HTMLParser):
    """Elements of a page and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page_of(report, log=LOG) -> str:
    return report_page("title", introduction(report), sections(report, log))


@pytest.fixture(scope="module")
def page(report) -> str:
    return page_of(report)


def test_the_page_has_every_picture_and_every_table(page):
    parts = Parts(page)
    pictures = [attrs for tag, attrs in parts.tags if tag == "img"]
    assert len(pictures) == 2 + 3 + 1 + 2  # codec, codes; priors; times; training
    assert all(a["src"].startswith("data:image/png;base64,") and a["alt"] for a in pictures)
    headings = [tag for tag, _ in parts.tags if tag == "h2"]
    assert len(headings) == 12 and not parts.open
    for words in ("What each level of the codec keeps", "arXiv 2005.00341", "wrong lyrics",
                  "chance", "ceiling", "floor", "moved at random", "Memorisation", "Training",
                  "silence: silent, left out", "two samples of one request"):  # fmt: skip
        assert words in parts.text, words


def test_the_figures_are_on_the_page(report, page):
    text = Parts(page).text
    figures = [report.codec[0].snr_db, report.codec[2].spectral_convergence_db]
    assert all(show(f, 1) in text for f in figures)
    assert all(show(cost.nats, 3) in text for p in report.priors for cost in p.costs)
    assert show(report.frechet.floor) in text and show(report.seams[0].score) in text
    assert percent(report.timing.monotone) in text
    assert show(report.memorisation.held_out_near, 1) in text


def test_hostile_names_are_text(report):
    bad = dataclasses.replace(
        report, model=HOSTILE, songs=(HOSTILE,) * 4, source=HOSTILE, notes=(HOSTILE,),
        weights=HOSTILE,
    )  # fmt: skip
    log = [{"run": HOSTILE, "step": 1, "total": 1.0}, {"run": HOSTILE, "step": 2, "total": 0.5}]
    parts = Parts(report_page(HOSTILE, introduction(bad), sections(bad, log)))
    assert not [tag for tag, _ in parts.tags if tag == "script"]
    assert not [a for _, a in parts.tags for name in a if name.startswith("on")]
    assert 'alert("x")' in parts.text and "\x00" not in parts.text
    sources = [a["src"] for tag, a in parts.tags if tag == "img"]
    assert all(source.startswith("data:image/png") for source in sources)


def test_the_page_loads_nothing_and_is_the_same_every_time(report, page):
    text = page_of(report)
    assert text == page
    assert "default-src 'none'" in text and "script-src" not in text
    outside = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(?!data:)\w+', text)
    assert outside == []


def test_a_report_with_nothing_generated_has_no_empty_sections(report):
    bare = dataclasses.replace(
        report, timing=None, probe=None, seams=(), frechet=None, diversity=None,
        memorisation=None, notes=(), n_generated=0,
    )  # fmt: skip
    headings = [section.heading for section in sections(bare)]
    assert "When words are sung" not in headings and "Memorisation" not in headings
    assert all(s.text or s.pictures or s.tables for s in sections(bare))


@pytest.fixture(scope="module")
def judges():
    import torch

    from jukebox_edu.evaluation.judges import ClassifierConfig, Judges, RecogniserConfig
    from jukebox_edu.evaluation.judges.files import PanelConfig, new_panel

    shapes = [ClassifierConfig(names, 4, (1,)) for names in (("Ada", "Ben"), ("waltz", "blues"))]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        panel = new_panel(PanelConfig(RecogniserConfig(4, (1,)), 1.0, *shapes))
    return Judges(panel, panel, "test codec")


@pytest.fixture(scope="module")
def sung(model, songs, judges):
    from jukebox_edu.evaluation import evaluate

    return evaluate(model, songs[:2], judges=judges, sing=1, progress=False)


def test_what_was_sung_stands_between_ceiling_and_chance(sung):
    assert len(sung.singing.real.clean.per_song) == 1
    assert [s.heading for s in sections(sung)].count("Is it sung?") == 1
    section = next(s for s in sections(sung) if s.heading == "Is it sung?")
    names = [row[0] for row in section.tables[0].rows]
    assert names[0] == "ceiling: real songs" and names[-1].startswith("chance")
    assert len(names) == 1 + 3 + 3 + 1
    assert percent(sung.singing.sampled[0].tuned.words) in section.tables[0].rows[4]


def test_reports_of_singing_survive_their_file_and_older_ones_are_read(sung, report):
    data = json.loads(json.dumps(sung.to_json(), allow_nan=False))
    assert type(sung).from_json(data) == sung
    older = report.to_json()
    assert older.pop("singing") is None
    assert type(report).from_json(older) == report


def test_singing_needs_judges_and_words(model, songs, judges):
    from jukebox_edu.evaluation import evaluate

    with pytest.raises(ConfigError, match="judges=None: must be given where songs are sung"):
        evaluate(model, songs, sing=2)
    with pytest.raises(ConfigError, match="sing=-1: must be a number of songs from 0"):
        evaluate(model, songs, sing=-1)
    mute = [dataclasses.replace(song, lyrics="", times=None) for song in songs[:2]]
    with pytest.raises(ConfigError, match="songs with words, to be sung"):
        evaluate(model, mute, judges=judges, sing=1, progress=False)


def test_numbers_are_short_and_have_no_negative_zero():
    assert show(Estimate(-0.0004, -0.1, 0.25, 3), 2) == "0.00 [-0.10,\u00a00.25]"
    assert percent(Estimate(0.5, 0.25, 1.0, 3)) == "50% [25%,\u00a0100%]"
    assert show(None) == percent(None) == "–"


def test_rows_must_fit_the_head():
    with pytest.raises(ShapeError, match="2 cells in each row"):
        ReportTable(("a", "b"), (("1", "2"), ("1",)))


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    section = ReportSection("h", ("text",))
    path = write_report_page(tmp_path / "a.html", "t", (), [section])
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    with pytest.raises(RunError, match="a file in a folder that exists"):
        write_report_page(tmp_path / "no" / "a.html", "t", (), [section])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html"]


def test_report_folder_holds_page_and_figures(report, tmp_path):
    page = write_report(tmp_path, report, LOG)
    assert page == tmp_path / "index.html"
    data = json.loads((tmp_path / "figures.json").read_text())
    assert type(report).from_json(data) == report
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figures.json", "index.html"]


def test_pictures_refuse_nothing_to_draw():
    for call in (
        lambda: convergence_figure([]),
        lambda: costs_figure(["a"], []),
        lambda: codebooks_figure([[0, 0]]),
        lambda: timing_figure([]),
        lambda: runs_figure([{"step": 1}]),
    ):
        with pytest.raises(ConfigError, match="must be"):
            call()


def test_pictures_show_the_values():
    e = Estimate(-8.0, -9.0, -7.0, 4)
    axes = convergence_figure([e], [-23.0], [16], [8]).axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [-8.0, -23.0]
    assert "16 / 8 samples per code" in axes.get_xticklabels()[0].get_text()
    axes = costs_figure(["wrong lyrics"], [Estimate(0.2, 0.1, 0.3, 4)], [None]).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.2]
    axes = timing_figure([0.0, 0.01, -5.0, 7.0]).axes[0]
    counts = [bar.get_height() for bar in axes.patches[1:]]
    assert sum(counts) == 4 and counts[0] == counts[-1] == 1  # those far off, in the outer bars


def test_a_log_that_starts_again_does_not_draw_a_line_back():
    rows = [{"run": "a", "step": s, "total": 1.0} for s in (1, 2, 3, 1, 2)]
    rows += [{"run": "a", "step": 3, "total": float("nan")}, {"stage": "songs"}]
    lines = runs_figure(rows).axes[0].lines
    assert [list(line.get_xdata()) for line in lines] == [[1, 2, 3], [1, 2]]


def test_pictures_are_the_same_bytes_every_time():
    def png():
        return figure_png(codebooks_figure([[3, 2, 0], [1, 1, 1]]), 64)

    assert png() == png()


def test_damaged_lines_of_a_log_are_passed_over(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n[1]\n{"step": 2, "tot')
    assert read_log(str(path)) == ({"step": 1},)
    with pytest.raises(RunError, match="a training log"):
        read_log(str(tmp_path / "none"))


@pytest.fixture(scope="module")
def model_folder(model, tmp_path_factory):
    import torch
    from tiny_models import ARTISTS, GENRES

    from jukebox_edu.checkpoints import KnownNames, save_model

    folder = tmp_path_factory.mktemp("models") / "test-1"
    names = KnownNames(ARTISTS, GENRES)
    return save_model(
        folder, model.config, model.vqvae, model.priors, known_names=names, dtype=torch.float32
    )


def test_the_command_writes_a_report(model_folder, tmp_path, capsys):
    words = ["evaluate", "--model", str(model_folder), "--out", str(tmp_path / "r"), "--n", "2",
             "--generate", "2", "--seconds", "2", "--quiet", "--json"]  # fmt: skip
    assert main(words) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures == json.loads((tmp_path / "r" / "figures.json").read_text())
    assert figures["source"] == "the bundled samples" and len(figures["songs"]) == 2
    assert figures["n_generated"] == 2
    assert (tmp_path / "r" / "index.html").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--songs", "nowhere"], "a folder made by prepare"),
        (["--songs", "songbook:0"], "a number of songs from 1"),
        (["--songs", "songbook:many"], 'songs=.songbook:many.: must be "samples"'),
        (["--n", "0"], "n=0: must be a number of songs from 1"),
        (["--generate", "-1"], "generate=-1"),
        (["--log", "nowhere.jsonl"], "a training log"),
        (["--sing", "-1"], "sing=-1"),
        (["--sing", "1", "--judges", "nowhere"], "There are no judges in nowhere"),
    ],
)
def test_wrong_options_are_one_line(words, says, model_folder, tmp_path, capsys):
    out = tmp_path / "r"
    assert main(["evaluate", "--model", str(model_folder), "--out", str(out), *words]) == 2
    error = capsys.readouterr().err.strip()
    assert "\n" not in error and re.search(says, error)
    assert not out.exists()


class Noise:
    """A collection of noisy songs, as `prepare` takes it."""

    def records(self):
        from jukebox_edu.training.record import SongRecord

        return tuple(
            SongRecord(f"song {k}.wav", "Ada", "waltz", "la la love", seconds=3.0) for k in range(8)
        )

    def audio(self, record, sample_rate):
        random = np.random.default_rng(int(record.name[5]))
        return random.normal(0, 0.2, (1, 3 * sample_rate)).astype(np.float32)

    def marks(self, record, frame_seconds, n_frames):
        from jukebox_edu.training.source import FrameMarks

        return FrameMarks(np.arange(n_frames, dtype=np.int16) % 9, None)


def test_a_prepared_folder_is_measured_on_its_held_out_songs(model, tmp_path):
    from jukebox_edu.training.prepare import prepare

    store = prepare(Noise(), tmp_path / "data", model=model, held_out=0.5, progress=False)
    chosen = choose_songs(model, str(tmp_path / "data"), None)
    assert [s.name for s in chosen.songs] == [s.name for s in store.held_out]
    assert chosen.songs[0].lyrics == "la la love" and chosen.songs[0].phones is not None
    assert len(chosen.songs[0].audio) == 3000
    training = list(chosen.training)
    assert len(training) == len(chosen.probe) == len(store.train)
    encoded = model.encode(store.train[0].samples())[-1][0].numpy()
    assert np.array_equal(training[0][:40], encoded[:40])


def test_codes_of_another_codec_are_not_looked_at(model, tmp_path):
    from tiny_models import tiny_model

    from jukebox_edu.training.prepare import prepare

    prepare(Noise(), tmp_path / "data", model=tiny_model(7), held_out=0.5, progress=False)
    chosen = choose_songs(model, str(tmp_path / "data"), 1)
    assert chosen.training is None and chosen.probe == () and len(chosen.songs) == 1


def test_a_folder_of_another_rate_or_without_held_out_songs_is_refused(model, tmp_path):
    from jukebox_edu.training.prepare import prepare

    prepare(Noise(), tmp_path / "a", sample_rate=2000, hop_length=64, progress=False)
    with pytest.raises(ConfigError, match="sample rate of the songs=2000: must be 1000"):
        choose_songs(model, str(tmp_path / "a"), None)
    prepare(Noise(), tmp_path / "b", model=model, held_out=0.0, progress=False)
    with pytest.raises(ConfigError, match="a folder with held-out songs"):
        choose_songs(model, str(tmp_path / "b"), None)


def test_one_song_alone_has_no_interval():
    assert show(Estimate(0.5, 0.5, 0.5, 1)) == "0.50"
    assert show(Estimate(0.5, 0.5, 0.5, 2)) == "0.50 [0.50,\u00a00.50]"
