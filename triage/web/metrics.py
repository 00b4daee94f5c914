"""Figures for a clinic's monitoring, in the format of Prometheus: how many results of each urgency, how often the
careful result stood in, how often engine and witness differed, and how long requests took.

Only counts; who, what and when stands in none of them. Each worker adds up in a file of its own, in memory where the
system has such a place, so that nothing here can make a worker wait for another. They are served on a port of their
own by a process of its own, which nobody's page depends on.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter as Tally
from wsgiref.simple_server import WSGIRequestHandler, make_server

from flask import Flask, Response, g, request

from triage.assessment import ENGINE_DIFFERED, ENGINE_FAILED, NOT_WORKED_OUT, Assessor
from triage.errors import SettingsError
from triage.knowledge import Urgency

IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - names are made by tempfile
"""A place for files that never touch a disk, where the system has one."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def install(app: Flask, host: str, port: int) -> str:
    """Count what the application does and serve the figures; gives the folder they are in, to be removed at the end.

    Raises:
        SettingsError: the port is not free.
    """
    folder = tempfile.mkdtemp(prefix="triage-figures-", dir=IN_MEMORY)
    # prometheus_client reads it while it is imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    results = Counter("triage_results", "Results shown, by urgency", ["urgency"], registry=registry)
    careful = Counter("triage_careful_results", "How often the careful result stood in", ["reason"], registry=registry)
    seconds = Histogram(
        "triage_request_seconds", "Time to answer", ["route", "status"], registry=registry, buckets=_SECONDS
    )
    # Known from the start, so that a monitor sees a rise from 0 to 1.
    for urgency in Urgency:
        results.labels(urgency.word)
    for reason in (ENGINE_FAILED, ENGINE_DIFFERED, NOT_WORKED_OUT):
        careful.labels(reason)
    assessor: Assessor = app.extensions["assessor"]
    counted: Tally[str] = Tally(assessor.counts)

    @app.after_request
    def count(response: Response) -> Response:
        if "urgency" in g:
            results.labels(g.urgency.word).inc()
        for reason, times in (assessor.counts - counted).items():
            if reason in (ENGINE_FAILED, ENGINE_DIFFERED, NOT_WORKED_OUT):
                careful.labels(reason).inc(times)
        counted.update(assessor.counts - counted)
        if "began" in g:
            took = time.monotonic() - g.began
            seconds.labels(request.endpoint or "none", f"{response.status_code // 100}xx").observe(took)
        return response

    _start_exporter(folder, host, port)
    return folder


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody needs a line for each look at the figures."""


def _start_exporter(folder: str, host: str, port: int) -> None:
    from prometheus_client import CollectorRegistry, make_wsgi_app
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    try:
        server = make_server(host, port, make_wsgi_app(registry), handler_class=_Silent)
    except OSError as error:
        raise SettingsError([f"TRIAGE_METRICS_PORT: {host}:{port} cannot be used: {error.strerror}"]) from error
    served = os.getpid()
    if os.fork():
        server.server_close()
        return
    # A plain fork: a process of `multiprocessing` would be ended by the first worker that ends.
    try:
        server.timeout = 1
        while os.getppid() == served:
            server.handle_request()
    finally:
        os._exit(0)
