"""The server's counters, as Prometheus reads it (its text format 0.0.4)."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper ends of the histogram's bins."""


class ServerMetrics:
    """Counters of one server. Figures of people's texts are sums alone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.bins, self.seconds, self.timed = [0] * (len(SECONDS) + 1), 0.0, 0
        self.batches = self.sentences = self.tokens = self.characters = 0

    def answered(self, path: str, status: int, seconds: float) -> None:
        """An answer to ``path`` (a route, not what was typed)."""
        with self.lock:
            self.answers[path, status] += 1
            self.bins[bisect_left(SECONDS, seconds)] += 1
            self.seconds, self.timed = self.seconds + seconds, self.timed + 1

    def batch(self, sentences: int, tokens: int) -> None:
        """Sentences that are computed together."""
        with self.lock:
            self.batches += 1
            self.sentences += sentences
            self.tokens += tokens

    def read(self, characters: int) -> None:
        """Characters that were asked to be translated."""
        with self.lock:
            self.characters += characters

    def text(self, **gauges: float) -> str:
        """All figures; ``gauges`` are those of now."""
        with self.lock:
            rows = typed("glassformer_answers_total", "counter", "Answers, by route and status.")
            rows += [
                f'glassformer_answers_total{{path="{path}",status="{status}"}} {count}'
                for (path, status), count in sorted(self.answers.items())
            ]
            rows += typed("glassformer_answer_seconds", "histogram", "Time from a request to its answer.")
            below = 0
            for limit, count in zip((*SECONDS, float("inf")), self.bins, strict=True):
                below += count
                name = "+Inf" if limit == float("inf") else f"{limit:g}"
                rows.append(f'glassformer_answer_seconds_bucket{{le="{name}"}} {below}')
            rows += [
                f"glassformer_answer_seconds_sum {self.seconds:g}",
                f"glassformer_answer_seconds_count {self.timed}",
            ]
            for name, value, what in (
                ("batches", self.batches, "Batches computed."),
                ("sentences", self.sentences, "Sentences computed."),
                ("tokens", self.tokens, "Source tokens computed."),
                ("characters", self.characters, "Characters asked to be translated."),
            ):
                rows += [*typed(f"glassformer_{name}_total", "counter", what), f"glassformer_{name}_total {value}"]
        for name, gauge in gauges.items():
            rows += [*typed(f"glassformer_{name}", "gauge", "Now."), f"glassformer_{name} {gauge:g}"]
        return "\n".join(rows) + "\n"


def typed(name: str, kind: str, what: str) -> list[str]:
    """The two lines before a figure."""
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]
