"""Raw files of public trials: from the user's folder, from the cache, or downloaded with limits of size and time."""

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
"""Environment variable of a folder with a sub-folder for each trial. It is searched before a file is downloaded."""

SECONDS = 60.0
"""Longest time for the download of one file, in seconds; the largest file has 200 kB."""

_SECONDS_OF_SILENCE = 10.0
_MOST_REDIRECTS = 5
_OLD_PART = 3600.0
"""Age in seconds from which a partial file in the cache is left over from a run that was killed."""


@dataclass(frozen=True)
class Recorded:
    """Record of a file at the time when its numbers were checked.

    Attributes
    ----------
    address : str
        Address of the download.
    sha256 : str
        Checksum of the file.
    n_bytes : int
        Size of the file in bytes; a download reads no more.
    """

    address: str
    sha256: str
    n_bytes: int


class NoWayError(OSError):
    """Error of a file that cannot be downloaded."""


def obtain(name: str, file: str, recorded: Recorded) -> Path:
    """Find a file in the user's folder or the cache, or download it.

    Parameters
    ----------
    name : str
        Name of the trial.
    file : str
        Name of the file.
    recorded : Recorded
        Address, checksum and size of the file.

    Returns
    -------
    Path
        Path of a file with the recorded bytes.

    Raises
    ------
    DataError
        The file is missing and cannot be downloaded or kept, or differs from the recorded one.
    """
    folder = os.environ.get(DATA_VARIABLE)
    with parsing(f"{name}/{file} in the folder of {DATA_VARIABLE}", "a file that can be read"):
        local = Path(folder) / name / file if folder else None
        if local is not None and local.is_file():
            found = sha256_of(local)
            if found != recorded.sha256:
                raise DataError(
                    f"{name}/{file} in the folder of {DATA_VARIABLE}: found sha256 {found[:12]}...; expected "
                    f"{recorded.sha256[:12]}..., that of the file behind the published numbers."
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
            f"{name}: found no {file} in the folder of {DATA_VARIABLE}, and could not download it from {recorded.address} "
            f"({error}). Try to connect to the network, or set {DATA_VARIABLE} to a folder with {name}/{file}."
        ) from error
    _refuse_other(content, name, recorded)
    try:
        _keep(content, kept)
    except OSError as error:
        raise DataError(
            f"{name}: could not write {kept} ({error.strerror}). Try to free space in the cache, or set {DATA_VARIABLE} to a "
            f"folder with {name}/{file}."
        ) from error
    return kept


def _is_kept(kept: Path, recorded: Recorded) -> bool:
    """Check whether the cache has the whole file; a partial or changed file is downloaded again."""
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
        f"{name}: the file at {recorded.address} differs from the recorded one (sha256 {recorded.sha256[:12]}...): found {found}."
    )


def _within_time(recorded: Recorded) -> bytes:
    """Download a file within the time limit; at most one byte more than its recorded size is read.

    A time limit of the connection does not end a download from a server that sends a byte a second. The download therefore
    runs in a second thread, which ends with its connection or with the process.
    """
    answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_received(recorded))
        except Exception as error:  # noqa: BLE001 - raised below, in the waiting thread
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
                # Not session.send, which reads the whole body of a redirect.
                adapter = session.get_adapter(address)
                with adapter.send(session.prepare_request(request), timeout=_SECONDS_OF_SILENCE, **settings) as response:
                    if response.is_redirect:
                        address = urljoin(address, response.headers["location"])
                        continue
                    if response.status_code != requests.codes.ok:
                        raise NoWayError(f"status {response.status_code}")
                    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
                        raise NoWayError("compressed, which was not asked for")
                    # Undecoded: the size of decoded content has no limit.
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
