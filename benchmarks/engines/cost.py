"""What it costs to have an engine at all: time to compile and memory, each measured in a process of its own."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks.engines import ENGINES
from benchmarks.measuring import resident
from triage.knowledge import Findings, Knowledge


@dataclass(frozen=True)
class Cost:
    """What one engine needs before it can answer, and to answer."""

    seconds: float
    """From the rules to the first answer, the engine's package being imported: some compile only when first asked."""
    megabytes: float
    """By how much the process grew, package, compiled rules and a round of answers together."""


def cost(name: str, rules: Callable[[], Knowledge], inputs: Sequence[Findings], times: int = 1) -> Cost:
    """The cost of a contestant: the median of so many fresh processes."""
    taken = []
    for _ in range(times):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            taken.append(fresh.submit(_measure, name, rules, inputs).result())
    return Cost(*map(statistics.median, zip(*taken, strict=True)))


def _measure(name: str, rules: Callable[[], Knowledge], inputs: Sequence[Findings]) -> tuple[float, float]:
    knowledge = rules()
    assert knowledge.terms  # noqa: S101 - worked out once for all who ask, so it is no part of the cost
    gc.collect()
    before = resident()
    maker = ENGINES[name].load()
    began = time.perf_counter()
    contestant = maker(knowledge)
    contestant.fired(inputs[0])
    seconds = time.perf_counter() - began
    for findings in inputs:
        contestant.fired(findings)
    gc.collect()
    return seconds, max(0.0, resident() - before)
