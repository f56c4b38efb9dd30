"""Run the notebooks and keep what they print and draw.

``make notebooks`` runs this. The tests use `executed` and `outputs_of` to run each notebook again and compare.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook at a path, run from its first cell in a new kernel."""
    notebook = nbformat.read(path, as_version=4)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    with tempfile.TemporaryDirectory(prefix="kernel-") as place:
        kernel = client.create_kernel_manager()
        if os.name == "posix":
            # Over a socket file nobody else can listen in, as anybody on the machine could over TCP.
            kernel.transport, kernel.ip = "ipc", f"{place}/socket"
        client.execute()
    # What changes from run to run, or tells of the machine, is not kept.
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


def outputs_of(notebook: nbformat.NotebookNode) -> list[list[dict[str, str]]]:
    """What each code cell printed and drew, by kind, in order."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found = []
            for output in cell.outputs:
                found.append({output.name: output.text} if output.output_type == "stream" else dict(output.data))
            cells.append(found)
    return cells


def main() -> None:
    """Run the notebooks named on the command line, or all of them, in place."""
    named = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb"))
    for path in named:
        print(path.name)  # noqa: T201 - progress
        nbformat.write(executed(path), path)


if __name__ == "__main__":
    main()
