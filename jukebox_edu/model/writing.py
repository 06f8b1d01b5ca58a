"""From a request to a song: level after level, saved as it goes.

What
    `write_song` is the one loop behind `sample`, `stream`, `continue_song` and `upsample`. For
    every level it takes from the run folder what an earlier call has drawn, lets `sample_level`
    write the rest, and puts each new position into the log before anything else happens to it.
    Whatever ends the loop, a closed stream or Ctrl-C, what was drawn is in the folder.
Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, RunError
from jukebox_edu.model.parts import PartMaker, SongPart
from jukebox_edu.model.request import Job
from jukebox_edu.progress import Progress
from jukebox_edu.sampling.level import LevelStep, sample_level
from jukebox_edu.sampling.plan import LevelPlan, Plan
from jukebox_edu.sampling.plan_text import level_name
from jukebox_edu.sampling.run_folder import RunFolder
from jukebox_edu.sampling.token_log import TokenLog
from jukebox_edu.song import Provenance, Song
from jukebox_edu.song.files import record_of
from jukebox_edu.song.provenance import library_version

if TYPE_CHECKING:
    from jukebox_edu.model.jukebox import Jukebox

ROWS = 16  # positions that are written to the log together


class LogWriter:
    """Keeps drawn tokens and writes them to the log a few at a time.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(self, log: TokenLog) -> None:
        self.log = log
        self.waiting: list[Tensor] = []

    def add(self, tokens: Tensor) -> None:
        """Take the tokens (batch,) of one position."""
        self.waiting.append(tokens)
        if len(self.waiting) >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self.waiting:
            rows, self.waiting = torch.stack(self.waiting), []  # (positions, batch)
            self.log.append(rows.cpu().numpy())


class Writer:
    """One job while it is carried out.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(
        self,
        model: Jukebox,
        job: Job,
        run: RunFolder | None,
        progress: Progress,
        *,
        parts: bool,
        history: tuple[str, ...],
    ) -> None:
        self.model, self.job, self.run = model, job, run
        self.progress, self.parts, self.history = progress, parts, history
        self.codes = list(job.prompt.codes)  # index = level

    def begin(self) -> None:
        """Say what was chosen for the user; write down or compare what will be done."""
        for note in notes(self.job):
            self.progress.note(note)
        if self.run is None:
            return
        if self.run.record is None:
            prompts = {i: c.numpy() for i, c in enumerate(self.codes) if c.shape[1]}
            self.run.begin(self._record(), prompts)
        elif not self._planned_alike():
            raise RunError(
                f"{self.run.path} was begun by a version of the library that planned differently. "
                "Finish it with that version, or choose another folder."
            )
        else:  # encoding may differ in a digit on another machine: the first one counts
            size = self.model.config.vqvae.codebook_size
            for level, codes in enumerate(self.codes):
                kept = self.run.prompt(level, batch=len(codes), codebook_size=size)
                if kept.shape != tuple(codes.shape):
                    raise RunError(f"{self.run.path} holds another prompt. Choose another folder.")
                self.codes[level] = torch.from_numpy(kept)

    def _planned_alike(self) -> bool:
        """Whether the plan in the folder is the one of this job."""
        try:
            return Plan.from_json(self.run.record["plan"]) == self.job.plan  # type: ignore
        except (KeyError, ConfigError):
            return False

    def _record(self) -> dict[str, Any]:
        plan = self.job.plan
        tokens = [codes.shape[1] for codes in self.codes]
        for level in plan.levels:
            tokens[level.level] = level.total
        return record_of(
            sample_rate=plan.sample_rate,
            hop_lengths=plan.hop_lengths,
            codebook_size=self.model.config.vqvae.codebook_size,
            tokens=tokens,
            seed=self.job.request.seed,
            rows=self.job.rows,
            labels=self.job.labels,
            plan=plan,
            provenance=self.provenance(),
        )

    def provenance(self) -> Provenance:
        """Where the song comes from."""
        request, plan = self.job.request, self.job.plan
        deed = f"{request.deed} to {plan.seconds:g} s, seed {request.seed}"
        return Provenance(
            model=self.model.config.name,
            weights=self.model.fingerprint,
            licence=self.model.config.licence,
            library=library_version(),
            torch=torch.__version__,
            device=str(self.model.device),
            dtype=str(self.model.dtype).removeprefix("torch."),
            history=(*self.history, deed),
        )

    def level(self, plan: LevelPlan) -> Generator[SongPart, None, None]:
        """Write one level, or take it from the folder; yields its parts if they are wanted."""
        existing = self.codes[plan.level][:, : plan.existing]
        if not plan.windows:
            self._finish(plan.level, self.codes[plan.level])
            return
        maker = PartMaker(self.model, plan.level, existing) if self.parts else None
        kept = self._kept(plan)
        if kept is not None:
            self.progress.update(plan.n_new)
            for codes in kept[:, plan.existing :].unbind(dim=1) if maker else ():
                if (part := maker.add(codes)) is not None:  # type: ignore[union-attr]
                    yield part
            self.codes[plan.level] = kept
        else:
            yield from self._draw(plan, existing, maker)
        if maker is not None and (part := maker.flush()) is not None:
            yield part

    def _kept(self, plan: LevelPlan) -> Tensor | None:
        """The whole level from the folder; None if it is not there."""
        if self.run is None:
            return None
        size = self.model.config.vqvae.codebook_size
        batch = self.job.plan.n_samples
        kept = self.run.level_codes(plan.level, batch=batch, tokens=plan.total, codebook_size=size)
        return None if kept is None else torch.from_numpy(kept)

    def _draw(
        self, plan: LevelPlan, existing: Tensor, maker: PartMaker | None
    ) -> Generator[SongPart, None, None]:
        """Write a level from where the log ends; every position is logged before it is shown."""
        prior, writer, replay = self.model.priors[plan.level], None, None
        if self.run is not None:
            log = self.run.open_log(
                plan.level, batch=len(existing), first=plan.existing, bins=prior.music.bins
            )
            writer, replay = LogWriter(log), torch.from_numpy(log.tokens.T.copy())
        above = None if plan.level + 1 == self.model.levels else self.codes[plan.level + 1]
        steps = sample_level(
            prior, plan, existing, upper_codes=above, labels=self.job.labels,
            seed=self.job.request.seed, samples=self.job.rows, replay=replay,
        )  # fmt: skip
        clock = _Clock()
        try:
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    codes = end.value
                    break
                if writer is not None and not step.replayed:
                    writer.add(step.tokens)
                clock.count(step)
                self.progress.update()
                if maker is not None and (part := maker.add(step.codes)) is not None:
                    if writer is not None:
                        writer.flush()
                    yield part
        finally:
            if writer is not None:
                writer.flush()
        if clock.rate:
            self.model.rates[plan.level] = clock.rate
        self._finish(plan.level, codes.cpu())

    def _finish(self, level: int, codes: Tensor) -> None:
        self.codes[level] = codes
        if self.run is not None:
            self.run.finish_level(level, codes.numpy())

    def song(self) -> Song:
        """The finished song."""
        written = {level.level for level in self.job.plan.levels}
        if self.run is not None:
            for level, codes in enumerate(self.codes):
                if level not in written and codes.shape[1]:
                    self.run.finish_level(level, codes.numpy())
            self.run.finish()
        return Song(
            codes=self.codes,
            sample_rate=self.model.sample_rate,
            hop_lengths=tuple(self.model.hop_lengths),
            codebook_size=self.model.config.vqvae.codebook_size,
            seed=self.job.request.seed,
            labels=self.job.labels,
            plan=self.job.plan,
            rows=self.job.rows,
            provenance=self.provenance(),
            model=self.model,
        )


class _Clock:
    """Steps per second of what is really drawn."""

    def __init__(self) -> None:
        self.steps, self.began, self.last = 0, 0.0, 0.0

    def count(self, step: LevelStep) -> None:
        if step.replayed:
            return
        self.last = time.perf_counter()
        if self.steps == 0:
            self.began = self.last
        self.steps += 1

    @property
    def rate(self) -> float:
        """Steps per second; 0.0 if too few were made."""
        spent = self.last - self.began
        return (self.steps - 1) / spent if self.steps > 1 and spent > 0 else 0.0


def notes(job: Job) -> Iterator[str]:
    """What was rounded, cut or chosen, in words.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    yield from job.plan.notes
    if job.prompt.note:
        yield job.prompt.note
    labels = job.labels
    if labels is not None:
        for kind in labels.defaults:
            name = getattr(labels, kind)[0]
            yield f"No {kind} was given: taking the model's first, {name!r} (see model.{kind}s())."


def write_song(
    model: Jukebox,
    job: Job,
    out: str | os.PathLike[str] | None,
    show: bool,
    *,
    parts: bool,
    before: Song | None = None,
) -> Generator[SongPart, None, Song]:
    """Carry out a job; yields parts if they are wanted, returns the song.

    Parameters
    ----------
    out
        The run folder; None keeps everything in memory.
    show
        Whether to show progress.
    parts
        Whether to decode and yield parts.
    before
        The song that is continued, for the history.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    run = None if out is None else RunFolder(out, job.plain)
    n_levels = model.levels
    try:
        enabled: Any = "auto" if show else False
        with Progress(job.plan.n_new, label="song", unit="codes", enabled=enabled) as progress:
            history = () if before is None else before.provenance.history
            writer = Writer(model, job, run, progress, parts=parts, history=history)
            writer.begin()
            try:
                for plan in job.plan.levels:
                    progress.label = f"level {plan.level} ({level_name(plan.level, n_levels)})"
                    yield from writer.level(plan)
            except KeyboardInterrupt:
                if run is not None:
                    progress.note(f"Stopped; the same call with out={str(run.path)!r} goes on.")
                raise
            progress.label = "song"
            return writer.song()
    finally:
        if run is not None:
            run.close()
