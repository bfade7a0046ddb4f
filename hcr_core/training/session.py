"""A run at work: training, checkpoints, and what it says on the way."""

import base64
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hcr_core.model_store import LITERT, save_model
from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training import adaptation, adaptation_data, checkpoint, result
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.checkpoint import Position
from hcr_core.training.config import TrainingError
from hcr_core.training.data import GALLERY, PEEKED, gather
from hcr_core.training.estimate import Pace, expected
from hcr_core.training.events import EventLog, counted
from hcr_core.training.job import CHECKPOINT, DRAWINGS, MODEL, MOST_DRAWINGS, Run
from hcr_core.training.samples import Batches
from hcr_core.training.trainer import Trainer, machines, strategy_here

#: Seconds between checkpoints within an epoch: what a power cut costs at most.
_CHECKPOINT_SECONDS = 60.0
#: Peeks take a fiftieth of the time, but nobody who watches waits longer than so many seconds for one: the first
#: takes long, because it is compiled.
_PEEK_SHARE, _LONGEST_WAIT = 50, 6.0
#: Seconds of training that tell how long the rest takes; before, that is calculated.
_MEASURED = 2.0
#: Figures that sum a run up, of its best epoch.
_SUMMARY = ("loss", "accuracy", "val_loss", "val_accuracy")


class _Stopped(Exception):  # noqa: N818 - not an error
    """The user wants the process to end."""


class Training:
    """A run at work, between two steps at any time able to stop and to go on later."""

    def __init__(self, run: Run, log: EventLog, wish: Callable[[], str]):
        self._run, self._log, self._wish, self._config = run, log, wish, run.config
        strategy = strategy_here()
        self._workers = machines(strategy)
        seed = self._config.seed
        if self._config.base:
            self._data = adaptation_data.gather(self._config)
            self._batches, self._trainer = adaptation.prepared(self._config, self._data)
        else:
            self._data = gather(self._config)
            self._batches, self._trainer = self._prepared(strategy)
        self._at = Position(fingerprint=self._data.fingerprint)
        self._best: dict[str, np.ndarray] = {}
        self._peeked, self._gallery = self._data.mixture(PEEKED, seed), self._data.mixture(GALLERY, seed)
        self._trainer.look(next(iter(self._batches.epoch(1)))[0])
        self._restore()

    def _prepared(self, strategy) -> tuple[Batches, Trainer]:
        """What a new network learns from, and that network."""
        config, recipe = self._config, self._config.recipe
        settings = STRENGTHS[recipe.augment]
        batches = Batches(self._data.parts, recipe.batch, config.seed, settings, recipe.balance, self._workers)
        steps = len(batches) * recipe.epochs
        return batches, Trainer(config, GLYPH_SIZE, len(self._data.alphabet), steps, strategy)

    def _restore(self) -> None:
        path = self._run.folder / CHECKPOINT
        if not path.exists():
            return
        if self._workers[1] > 1:
            raise TrainingError("a run over several machines cannot be resumed: start it anew")
        position, arrays = checkpoint.read(path)
        if position.fingerprint != self._at.fingerprint:
            raise TrainingError("the data set is not the one this run began with, so it cannot go on")
        self._at = position
        self._best = {name: array for name, array in arrays.items() if name.startswith("best/")}
        self._trainer.restore(arrays)

    def _save(self) -> None:
        checkpoint.write(self._run.folder / CHECKPOINT, self._at, self._trainer.state() | self._best)
        self._saved = time.monotonic()

    def train(self) -> bool:
        """Train to the last epoch, or until early stopping; ``False`` if the user stopped it before."""
        self._say_start()
        self._log.state("training")
        self._clock, self._pace, self._next_peek, self._warm = _Clock(), Pace(), 0.0, None
        self._expected = expected(self._config, self._data.samples, len(self._data.alphabet)).seconds
        self._saved = time.monotonic()
        try:
            while self._at.epoch <= self._config.recipe.epochs and not self._no_longer_better():
                self._train_epoch()
                self._end_epoch()
        except _Stopped:
            return False
        return True

    def _say_start(self) -> None:
        data, recipe = self._data, self._config.recipe
        gallery = [
            {"image": base64.b64encode(data.glyphs[i].tobytes()).decode(), "label": int(data.labels[i])}
            for i in self._gallery
        ]
        self._log.write(
            "start",
            classes=list(data.alphabet),
            samples=data.samples,
            validation=len(data.labels),
            parameters=self._trainer.shown.count_params(),
            epochs=recipe.epochs,
            steps=len(self._batches),
            batch=recipe.batch,
            workers=self._workers[1],
            epoch=self._at.epoch,
            step=self._at.step + 1,
            gallery=gallery,
        )

    def _no_longer_better(self) -> bool:
        patience, history = self._config.recipe.early_stopping, self._at.history
        return bool(patience) and len(history) - self._at.best >= patience

    def _train_epoch(self) -> None:
        at, together = self._at, self._workers[1] > 1
        batch, samples = self._config.recipe.batch, self._batches.samples
        pending, said, peeking = [], self._clock.now(), 0.0
        # Closed as soon as the loop is left, so that no thread makes batches for nobody.
        with contextlib.closing(self._batches.epoch(at.epoch, at.step)) as batches:
            for images, labels in batches:
                size = min(batch, samples - at.step * batch)
                wish = self._wish()
                sums = self._trainer.step(images, labels, size, wish == "stop")
                at.step += 1
                pending.append((sums, size))
                # Of several machines all stop after the same step, whoever was asked to.
                stop = bool(sums.numpy()[2]) if together else wish == "stop"
                due = time.monotonic() - self._saved > _CHECKPOINT_SECONDS
                elapsed = self._clock.now() - said
                # Said before every checkpoint, too, so that what is summed up goes with it.
                last = at.step == len(self._batches)
                if elapsed > self._every(0.25, 1.0) or stop or due or last or wish == "pause":
                    self._say_batch(pending, elapsed, elapsed - peeking)
                    pending, said, peeking = [], self._clock.now(), 0.0
                if stop:
                    self._stop()
                if wish == "pause":
                    self._pause()
                if self._clock.now() > self._next_peek:
                    peeking += self._peek()
                if due:
                    self._save()

    def _every(self, first: float, last: float) -> float:
        """Seconds between events: often at first, seldomer in a long run, so that the log stays small."""
        return min(last, max(first, self._clock.now() / 240))

    def _say_batch(self, pending: list, elapsed: float, trained: float) -> None:
        """Tell of the steps since the last time, ``elapsed`` seconds ago, ``trained`` of them spent on steps."""
        at = self._at
        loss, right, _ = np.sum([sums.numpy() for sums, _ in pending], axis=0, dtype=np.float64)
        seen = sum(size for _, size in pending)
        self._check(loss)
        at.loss, at.right, at.seen = at.loss + float(loss), at.right + int(right), at.seen + seen
        at.seconds, at.total = at.seconds + elapsed, at.total + elapsed
        self._log.write(
            "batch",
            epoch=at.epoch,
            step=at.step,
            loss=round(float(loss) / seen, 4),
            accuracy=round(right / seen, 4),
            images_per_second=round(self._pace.add(seen, trained)),
            seconds_left=round(self._seconds_left(), 1),
            learning_rate=self._trainer.learning_rate,
        )

    def _seconds_left(self) -> float:
        """Of the training, by the steps since the first peek of this process: both take seconds to be compiled."""
        steps, at = len(self._batches), self._at
        done, whole = (at.epoch - 1) * steps + at.step, steps * self._config.recipe.epochs
        if self._warm is None and self._next_peek:
            self._warm = done, at.total
        first, seconds = self._warm or (done, at.total)
        if at.total - seconds < _MEASURED or done == first:
            return self._expected * (whole - done) / whole
        return (whole - done) * (at.total - seconds) / (done - first)

    def _check(self, loss: float) -> None:
        """Raise ``TrainingError`` where a loss is no longer a number."""
        if not np.isfinite(loss):
            rate = self._config.recipe.learning_rate
            raise TrainingError(
                f"the loss was no longer a number in epoch {self._at.epoch}: the learning rate of {rate:g} is too "
                "high, try a tenth of it"
            )

    def _stop(self) -> None:
        self._save()
        self._log.state("stopped", epoch=self._at.epoch, step=self._at.step)
        raise _Stopped

    def _pause(self) -> None:
        with self._clock.paused():
            self._save()
            self._log.state("paused")
            drawn = ()
            while (wish := self._wish()) == "pause":
                # Who pauses to explain may draw: a new drawing is read at once.
                if (now := tuple(_drawings(self._run))) != drawn:
                    drawn = now
                    self._peek()
                time.sleep(0.1)
            self._log.state("training")
        if wish == "stop":
            self._stop()

    def _peek(self) -> float:
        """Show what the network of the moment can; returns the seconds that took."""
        started = self._clock.now()
        self._trainer.refresh()
        answers = self._trainer.classify(self._data.glyphs[self._peeked]).argmax(axis=1)
        confusion = counted(self._data.labels[self._peeked], answers, len(self._data.alphabet))
        self._log.write("peek", epoch=self._at.epoch, step=self._at.step, confusion=confusion, **self._looks())
        ended = self._clock.now()
        self._next_peek = ended + min(max(self._every(0.5, 3.0), _PEEK_SHARE * (ended - started)), _LONGEST_WAIT)
        return ended - started

    def _looks(self) -> dict:
        """What the shown network makes of the gallery and of the visitors' drawings."""
        seen = self._trainer.classify(self._data.glyphs[self._gallery])
        drawings = _drawings(self._run)
        read = self._trainer.classify(np.stack(list(drawings.values()))) if drawings else []
        return {
            "gallery": [[int(row.argmax()), round(float(row.max()), 3)] for row in seen],
            "drawings": {key: [round(float(p), 4) for p in row] for key, row in zip(drawings, read, strict=True)},
        }

    def _end_epoch(self) -> None:
        at, data = self._at, self._data
        started = self._clock.now()
        self._trainer.refresh()
        blocks = []
        for start in range(0, len(data.labels), 4096):
            blocks.append(self._trainer.classify(data.glyphs[start : start + 4096]))
            if self._wish() == "stop" and self._workers[1] == 1:
                self._stop()  # to be resumed with this validation
        probabilities = np.concatenate(blocks)
        truth = probabilities[np.arange(len(data.labels)), data.labels]
        self._check(truth.sum())
        answers = probabilities.argmax(axis=1)
        speed = round(at.seen / max(at.seconds, 1e-6))
        elapsed = self._clock.now() - started
        at.seconds, at.total = at.seconds + elapsed, at.total + elapsed
        figures = {
            "epoch": at.epoch,
            "of": self._config.recipe.epochs,
            "seconds": round(at.seconds, 2),
            "loss": round(at.loss / at.seen, 4),
            "accuracy": round(at.right / at.seen, 4),
            "val_loss": round(float(-np.log(truth.clip(1e-7)).mean()), 4),
            "val_accuracy": round(float((answers == data.labels).mean()), 4),
            "images_per_second": speed,
            "learning_rate": self._trainer.learning_rate,
        }
        best = self._is_best(figures)
        if best:
            at.best, self._best = at.epoch, self._trainer.shown_weights()
        at.history.append(figures)
        at.next_epoch()
        self._save()
        confusion = counted(data.labels, answers, len(data.alphabet))
        self._log.write("epoch", **figures, best=best, confusion=confusion, **self._looks())
        self._next_peek = self._clock.now() + self._every(0.5, 3.0)

    def _is_best(self, figures: dict) -> bool:
        """Whether no epoch before was right more often, or as often with a lower loss.

        Of an adaptation every epoch is: how long it takes was found out on other hands, and the samples held back
        are to tell what it brought, so they must not choose.
        """
        if not self._at.best or self._config.base:
            return True
        best = self._at.history[self._at.best - 1]
        return (figures["val_accuracy"], -figures["val_loss"]) > (best["val_accuracy"], -best["val_loss"])

    def finish(self) -> None:
        """Make the model of the best epoch, or of the weights of the moment where no epoch was completed."""
        self._log.state("finishing")
        if self._best:
            self._trainer.show(self._best)
        else:
            self._trainer.refresh()
        card = result.card(self._config, self._data, self._at, self._trainer.shown, self._trainer.classify)
        if self._config.base:
            card |= adaptation.on_the_card(self._config, self._data, self._trainer)
        store = self._config.store if self._workers[0] == 0 else ""
        files = result.exports(self._trainer.shown)
        files |= result.index(files[LITERT], card)
        save_model(self._run.folder, MODEL, card, files)
        if store:
            save_model(Path(store), self._config.name, card, files)
        self._log.write("end", model=self._config.name if store else "", summary=self._summary(), card=card)
        self._log.state("finished")

    def _summary(self) -> dict:
        at = self._at
        best = at.history[at.best - 1] if at.best else {}
        speeds = [epoch["images_per_second"] for epoch in at.history]
        return {
            "epochs": len(at.history),
            "best_epoch": at.best,
            "seconds": round(at.total, 1),
            "images_per_second": round(float(np.median(speeds))) if speeds else None,
        } | {name: best.get(name) for name in _SUMMARY}


class _Clock:
    """Seconds since it was made, pauses left out."""

    def __init__(self):
        self._origin = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._origin

    @contextlib.contextmanager
    def paused(self):
        started = time.monotonic()
        yield
        self._origin += time.monotonic() - started


def _drawings(run: Run) -> dict[str, np.ndarray]:
    """The visitors' glyphs by key, uint8 (28, 28), the latest ones if there are too many."""
    glyphs, times = {}, {}
    for path in (run.folder / DRAWINGS).glob("[!.]*.bin"):
        with contextlib.suppress(OSError):  # taken away by its visitor at this moment
            times[path] = path.stat().st_mtime
    for path in sorted(times, key=times.get, reverse=True)[:MOST_DRAWINGS]:
        with contextlib.suppress(OSError, ValueError):  # taken away, or something else
            glyphs[path.stem] = np.frombuffer(path.read_bytes(), np.uint8).reshape(GLYPH_SIZE, GLYPH_SIZE)
    return glyphs
