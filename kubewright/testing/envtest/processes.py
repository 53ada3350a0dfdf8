"""Child processes that never outlive the test run, however it dies.

A kube-apiserver that is left behind holds 270 MB and a port, and the next run wonders. ``atexit`` covers a normal end and
an exception, but not SIGKILL, a crash of the interpreter or the out-of-memory killer. So a small shell waits on a pipe whose other
end only this process holds: when the pipe closes, for whatever reason, it kills what was started and removes the folder.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# Reads one process id a line; end of file means that whoever wrote them is gone. Each child leads its own process
# group (start_new_session), so its id is the group's id, and Ctrl-C in the terminal does not reach it before us.
_WATCHDOG: Final = """
while read -r pid; do kill -0 "$pid" && pids="$pids $pid"; done
for pid in $pids; do kill -s KILL -- "-$pid"; done
rm -rf -- "$1"
"""
_TERMINATE_SECONDS: Final = 2.0


class ProcessSet:
    """Processes that live and die together, with one scratch folder.

    ``stop`` is idempotent and may be called from any thread; it returns when all of them are gone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "kubewright-envtest-watchdog", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self, name: str, command: Sequence[str | Path]) -> None:
        """Start one program; what it prints goes to ``<folder>/<name>.log``."""
        with self._lock, self._log_file(name).open("ab") as log:
            child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )
            self._children[name] = child
            assert self._watchdog.stdin is not None
            self._watchdog.stdin.write(f"{child.pid}\n".encode())
            self._watchdog.stdin.flush()

    def ended(self) -> str | None:
        """What to say about the first child that has ended by itself, or None while all of them run."""
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                return f"{name} ended with exit code {code}; it said last:\n{self.last_lines(name)}"
        return None

    def last_lines(self, name: str, count: int = 15) -> str:
        """The end of a child's log, for an error message."""
        try:
            text = self._log_file(name).read_text(errors="replace")
        except FileNotFoundError:
            return "(nothing)"
        return "\n".join(text.splitlines()[-count:]) or "(nothing)"

    def kill(self, name: str) -> None:
        """Kill one child without warning, as a crash would."""
        with self._lock:
            child = self._children.pop(name)
            _signal(child, signal.SIGKILL)
            child.wait()

    def stop(self) -> None:
        """End all children (politely first, those started last first), the watchdog, and remove the folder."""
        with self._lock:
            for child in reversed(self._children.values()):
                _signal(child, signal.SIGTERM)
                try:
                    child.wait(_TERMINATE_SECONDS)
                except subprocess.TimeoutExpired:
                    _signal(child, signal.SIGKILL)
                    child.wait()
            self._children.clear()
            # Killed before its pipe closes: it must not act on process ids that may be somebody else's by now.
            if self._watchdog.poll() is None:
                self._watchdog.kill()
                self._watchdog.wait()
            if self._watchdog.stdin is not None:
                self._watchdog.stdin.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _log_file(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if child.poll() is None:
        child.send_signal(number)
