"""The run folder survives whatever happens to it, and says what is wrong in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from jukebox_edu.errors import RunError
from jukebox_edu.sampling import RunFolder
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.sampling.storing import read_codes, write_codes, write_json
from jukebox_edu.sampling.token_log import TokenLog

REQUEST = {"model": "test-1", "seed": 0, "lyrics": "la", "seconds": 2.0}


def new_log(path: Path, **changes) -> TokenLog:
    return TokenLog(path, **{"level": 2, "batch": 3, "first": 5, "bins": 100, **changes})


def tokens_in(path: Path) -> np.ndarray:
    log = new_log(path)
    log.close()
    return log.tokens


def rows(n: int, batch: int = 3) -> np.ndarray:
    return np.arange(n * batch).reshape(n, batch) % 100


# ---- the log ----------------------------------------------------------------------------------


def test_a_log_gives_back_what_was_appended(tmp_path):
    log = new_log(tmp_path / "log")
    log.append(rows(4)[:1])
    log.append(rows(4)[1:])
    log.close()
    again = new_log(tmp_path / "log")
    assert (again.tokens == rows(4)).all()
    again.append(rows(6)[4:])
    again.close()
    assert (tokens_in(tmp_path / "log") == rows(6)).all()


def test_a_log_cut_anywhere_keeps_its_whole_rows(tmp_path):
    path = tmp_path / "log"
    log = new_log(path)
    log.append(rows(5))
    log.close()
    whole = path.read_bytes()
    row = 4 * 3 + 4
    header = len(whole) - 5 * row
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        log = new_log(path)
        kept = max(0, size - header) // row
        assert (log.tokens == rows(5)[:kept]).all(), size
        log.append(rows(5)[kept:])
        log.close()
        assert path.read_bytes() == whole, size


def test_a_torn_end_of_zeros_is_cut_off(tmp_path):
    """After a power failure the file may have grown while its contents did not arrive."""
    log = new_log(tmp_path / "log")
    log.append(rows(3))
    log.close()
    with open(tmp_path / "log", "ab") as file:
        file.write(bytes(100))
    assert (tokens_in(tmp_path / "log") == rows(3)).all()


def test_damage_inside_a_log_is_reported(tmp_path):
    path = tmp_path / "log"
    log = new_log(path)
    log.append(rows(5))
    log.close()
    data = bytearray(path.read_bytes())
    data[-3 * 16] ^= 1
    path.write_bytes(data)
    with pytest.raises(RunError, match="is damaged at row 2 of 5. Delete it"):
        new_log(path)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"level": 1}, r"another run.*\(2, 3, 5, 100\) there and \(1, 3, 5, 100\) here"),
        ({"batch": 2}, "belongs to another run"),
        ({"first": 0}, "belongs to another run"),
        ({"bins": 50}, "belongs to another run"),
    ],
)
def test_the_log_of_another_run_is_refused(tmp_path, change, text):
    log = new_log(tmp_path / "log")
    log.append(rows(2))
    log.close()
    with pytest.raises(RunError, match=text):
        new_log(tmp_path / "log", **change)


def test_foreign_files_and_impossible_tokens_are_refused(tmp_path):
    (tmp_path / "log").write_bytes(b"RIFF....WAVEfmt and so on and on and on")
    with pytest.raises(RunError, match="no log of this library"):
        new_log(tmp_path / "log")
    log = new_log(tmp_path / "big")
    log.append(rows(2) + 99)
    log.close()
    with pytest.raises(RunError, match="beyond the vocabulary of 100"):
        new_log(tmp_path / "big")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_error(tmp_path):
    log = new_log(tmp_path / "log")
    log.append(rows(2))
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, log._file.fileno())  # from here on the disk under the log is full
    with pytest.raises(RunError, match="No space left.*disk is full.*nothing is lost"):
        log.append(rows(3)[2:])
    log.close()
    os.close(full)
    assert (tokens_in(tmp_path / "log") == rows(2)).all()


# ---- arrays and JSON --------------------------------------------------------------------------


def test_codes_come_back_and_leave_no_other_file(tmp_path):
    codes = np.random.default_rng(0).integers(0, 2048, (3, 50))
    write_codes(tmp_path / "codes_0.npy", codes)
    found = read_codes(tmp_path / "codes_0.npy", batch=3, tokens=50, codebook_size=2048)
    assert (found == codes).all() and found.dtype == np.int64
    assert [path.name for path in tmp_path.iterdir()] == ["codes_0.npy"]


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((2, 9), int), r"int64 \(2, 9\), but integers of shape \(2, 10\)"),
        (np.zeros((2, 10)), "float64"),
        (np.zeros(10, int), r"int64 \(10,\)"),
        (np.full((2, 10), 16), "codes from 16 to 16, but 0 to 15 are allowed"),
        (np.full((2, 10), -1), "codes from -1 to -1"),
    ],
)
def test_codes_of_something_else_are_refused(tmp_path, array, text):
    np.save(tmp_path / "codes.npy", array)
    with pytest.raises(RunError, match=text):
        read_codes(tmp_path / "codes.npy", batch=2, tokens=10, codebook_size=16)


def test_damaged_codes_are_refused(tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.zeros((2, 10), int))
    data = path.read_bytes()
    for broken in (data[:-8], data[:20], b"", b"hello", data.replace(b"(2, 10)", b"(2,1e9)")):
        path.write_bytes(broken)
        with pytest.raises(RunError, match="damaged or no array of codes"):
            read_codes(path, batch=2, tokens=10, codebook_size=16)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RunError, match="damaged or no array"):  # and nothing was unpickled
        read_codes(path, batch=2, tokens=10, codebook_size=16)
    with pytest.raises(RunError, match="cannot be read: No such file"):
        read_codes(tmp_path / "none.npy", batch=2, tokens=10, codebook_size=16)


# ---- requests ---------------------------------------------------------------------------------


def test_the_same_request_continues_and_another_is_refused(tmp_path):
    with RunFolder(tmp_path / "run", REQUEST) as run:
        assert run.record is None
        run.begin({"plan": 1}, {2: np.ones((3, 4), int)})
    with RunFolder(tmp_path / "run", REQUEST) as run:
        assert run.record["plan"] == 1 and run.record["status"] == "running"
        assert (run.prompt(2, batch=3, codebook_size=9) == 1).all()
        assert run.prompt(1, batch=3, codebook_size=9).shape == (3, 0)
        run.finish()
    with RunFolder(tmp_path / "run", REQUEST) as run:
        assert run.record["status"] == "whole"
    for key, value in (("seed", 1), ("lyrics", "lo"), ("seconds", 2.5)):
        with pytest.raises(RunError, match=f"{key} is {REQUEST[key]!r} there and {value!r} here"):
            RunFolder(tmp_path / "run", {**REQUEST, key: value})
    with pytest.raises(RunError, match="more is None there and 1 here"):
        RunFolder(tmp_path / "run", {**REQUEST, "more": 1})


def test_requests_are_compared_as_json(tmp_path):
    request = {"levels": (2, 1), "lyrics": "\ud800é", "x": 0.1 + 0.2}
    with RunFolder(tmp_path / "run", request) as run:
        run.begin({}, {})
    RunFolder(tmp_path / "run", request).close()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "damaged: it is no JSON object"),
        ("[1]", "damaged: it is no JSON object"),
        ("[" * 100_000, "damaged: it is no JSON object"),
        ('{"format": "other"}', "describes no song of this library"),
        ('{"format": "jukebox_edu song", "format_version": 99}', "format version 99"),
        ('{"format": "jukebox_edu song", "format_version": 1}', "its status is None"),
        (
            '{"format": "jukebox_edu song", "format_version": 1, "status": "whole"}',
            "a song that this call did not begin",
        ),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path, content, text):
    (tmp_path / "song.json").write_text(content)
    with pytest.raises(RunError, match=text):
        RunFolder(tmp_path, REQUEST)
    assert (tmp_path / "song.json").read_text() == content
    RunFolder(tmp_path / "other", REQUEST).close()  # the lock was given back


def test_codes_without_a_song_are_not_written_over(tmp_path):
    (tmp_path / "codes_2.npy").write_bytes(b"precious")
    with pytest.raises(RunError, match="holds codes but no song.json"):
        RunFolder(tmp_path, REQUEST)


@pytest.mark.parametrize("name", [3, None, "", "a\0b"])
def test_names_that_are_no_folder_are_refused(name):
    with pytest.raises(RunError, match="out=.*name of a folder"):
        RunFolder(name, REQUEST)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("file", "file/run"):
        with pytest.raises(RunError, match="cannot be made:.*file stands where a folder"):
            RunFolder(tmp_path / name, REQUEST)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_a_folder_that_cannot_be_written():
    """/proc takes no files, not even from the superuser."""
    with pytest.raises(RunError, match="cannot be (made|written)"):
        RunFolder("/proc/self", REQUEST)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="Permission denied. It may not be written"):
        RunFolder(tmp_path, REQUEST)


def test_json_that_cannot_be_written_keeps_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
    assert len(list(tmp_path.iterdir())) == 1


# ---- the lock ---------------------------------------------------------------------------------


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess:
    script = textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, timeout=120
    )


def test_a_folder_holds_one_run_at_a_time(tmp_path):
    with FolderLock(tmp_path):
        with pytest.raises(RunError, match="in use by another run"):
            FolderLock(tmp_path)
        with pytest.raises(RunError, match="in use by another run"):  # the first lock still holds
            FolderLock(tmp_path)
        other = run_python(
            """
            import sys
            from pathlib import Path
            from jukebox_edu.sampling.lock import FolderLock
            FolderLock(Path(sys.argv[1]))
            """,
            tmp_path,
        )
        assert "RunError" in other.stderr and "in use by another run" in other.stderr
    FolderLock(tmp_path).close()


def test_the_lock_of_a_dead_process_refuses_nobody(tmp_path):
    dead = run_python(
        """
        import os, signal, sys
        from pathlib import Path
        from jukebox_edu.sampling.lock import FolderLock
        lock = FolderLock(Path(sys.argv[1]))
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        """,
        tmp_path,
    )
    assert dead.returncode != 0 and not dead.stderr
    assert (tmp_path / ".lock").exists()
    FolderLock(tmp_path).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_children_do_not_keep_the_lock(tmp_path):
    """A forked child that outlives its parent must not hold the folder."""
    parent = run_python(
        """
        import os, sys
        from pathlib import Path
        from jukebox_edu.sampling.lock import FolderLock
        lock = FolderLock(Path(sys.argv[1]))
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)  # until the parent is gone
            try:
                FolderLock(Path(sys.argv[1])).close()
                outcome = "free"
            except Exception as error:
                outcome = repr(error)
            (Path(sys.argv[1]) / "outcome").write_text(outcome)
            os._exit(0)
        lock.close()
        os.close(write)
        os.waitpid(child, 0)
        """,
        tmp_path,
    )
    assert parent.returncode == 0, parent.stderr
    assert (tmp_path / "outcome").read_text() == "free"
