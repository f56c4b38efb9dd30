"""A raw file of a public trial: from the user's folder, from the cache, or downloaded within bounds of size and time."""

from __future__ import annotations

import hashlib
import os
import queue
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from botox_analysis.errors import DataError
from botox_analysis.trials.read import sha256_of
from botox_analysis.trials.readers.files import parsing

DATA_VARIABLE = "BOTOX_ANALYSIS_DATA"
"""Environment variable: a folder with a sub-folder for each trial, looked into before anything is downloaded."""

SECONDS = 60.0
"""The whole time that the download of one file may take; the largest has 200 kB."""

_SECONDS_OF_SILENCE = 10.0
_MOST_REDIRECTS = 5
_OLD_PART = 3600.0
"""In seconds: a part of a file in the cache that nobody has written to for so long is a killed run's."""


@dataclass(frozen=True)
class Recorded:
    """A file as it was when its numbers were checked.

    Attributes
    ----------
    address : str
        Where it is downloaded.
    sha256 : str
        Its checksum.
    n_bytes : int
        Its size; no more than this is ever read.
    """

    address: str
    sha256: str
    n_bytes: int


class NoWayError(OSError):
    """A file cannot be downloaded."""


def obtain(name: str, file: str, recorded: Recorded) -> Path:
    """Find a file in the user's folder or the cache, or download it.

    Parameters
    ----------
    name : str
        Of the trial.
    file : str
        Its name.
    recorded : Recorded
        What it is to be.

    Returns
    -------
    Path
        A file with the recorded bytes.

    Raises
    ------
    DataError
        It is nowhere, cannot be downloaded or kept, or differs from the recorded one.
    """
    folder = os.environ.get(DATA_VARIABLE)
    with parsing(f"{name}/{file} in the folder of {DATA_VARIABLE}", "a file that can be read"):
        local = Path(folder) / name / file if folder else None
        if local is not None and local.is_file():
            found = sha256_of(local)
            if found != recorded.sha256:
                raise DataError(
                    f"{name}/{file} in the folder of {DATA_VARIABLE}: found sha256 {found[:12]}...; expected "
                    f"{recorded.sha256[:12]}..., the file the published numbers come from."
                )
            return local
    import pooch

    kept = Path(pooch.os_cache("botox_analysis")) / f"{name}-{file}"
    if _is_kept(kept, recorded):
        return kept
    try:
        content = _within_time(recorded)
    except NoWayError as error:
        raise DataError(
            f"{name}: found neither {file} in the folder of {DATA_VARIABLE} nor a way to download it from {recorded.address} "
            f"({error}); connect to the network once, or set {DATA_VARIABLE} to a folder with {name}/{file}."
        ) from error
    _refuse_other(content, name, recorded)
    try:
        _keep(content, kept)
    except OSError as error:
        raise DataError(
            f"{name}: found that {kept} cannot be written ({error.strerror}); expected room in the cache, or {DATA_VARIABLE} "
            f"set to a folder with {name}/{file}."
        ) from error
    return kept


def _is_kept(kept: Path, recorded: Recorded) -> bool:
    """Whether the cache has the file, whole; what was half written or changed is downloaded again."""
    try:
        return kept.is_file() and kept.stat().st_size == recorded.n_bytes and sha256_of(kept) == recorded.sha256
    except OSError:
        return False


def _refuse_other(content: bytes, name: str, recorded: Recorded) -> None:
    if len(content) > recorded.n_bytes:
        found = f"more than the {recorded.n_bytes:,} bytes recorded"
    elif len(content) < recorded.n_bytes:
        found = f"{len(content):,} bytes; expected {recorded.n_bytes:,}"
    else:
        found = f"sha256 {hashlib.sha256(content).hexdigest()[:12]}..."
        if hashlib.sha256(content).hexdigest() == recorded.sha256:
            return
    raise DataError(
        f"{name}: what {recorded.address} holds today differs from the file recorded (sha256 {recorded.sha256[:12]}...): "
        f"found {found}."
    )


def _within_time(recorded: Recorded) -> bytes:
    """What the server sends, at most one byte more than recorded; a server that sends a byte a second never falls silent.

    The other thread ends when its server does, or with the process.
    """
    answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_received(recorded))
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that waits
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=SECONDS)
    except queue.Empty:
        raise NoWayError(f"not done in {SECONDS:g} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _received(recorded: Recorded) -> bytes:
    import requests
    import urllib3

    address = recorded.address
    try:
        with requests.Session() as session:
            for _ in range(_MOST_REDIRECTS + 1):
                request = requests.Request("GET", address, headers={"Accept-Encoding": "identity"})
                settings = session.merge_environment_settings(address, {}, True, None, None)  # noqa: FBT003 - requests' own
                # Not session.send: that reads whatever stands in a redirect, to its end.
                adapter = session.get_adapter(address)
                with adapter.send(session.prepare_request(request), timeout=_SECONDS_OF_SILENCE, **settings) as response:
                    if response.is_redirect:
                        address = urljoin(address, response.headers["location"])
                        continue
                    if response.status_code != requests.codes.ok:
                        raise NoWayError(f"status {response.status_code}")
                    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
                        raise NoWayError("compressed, which was not asked for")
                    # As sent: what is unpacked has no bound.
                    content: bytes = response.raw.read(recorded.n_bytes + 1, decode_content=False)
                    return content
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise NoWayError(type(error).__name__) from error
    raise NoWayError(f"more than {_MOST_REDIRECTS} redirects")


def _keep(content: bytes, kept: Path) -> None:
    """Write a file of the cache whole or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    for part in kept.parent.glob(f".{kept.name}-*.part"):
        with suppress(OSError):
            if time.time() - part.lstat().st_mtime > _OLD_PART:
                part.unlink()
    descriptor, name = tempfile.mkstemp(dir=kept.parent, prefix=f".{kept.name}-", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)
