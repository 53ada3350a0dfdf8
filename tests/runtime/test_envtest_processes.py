"""Child processes of a test server end with whoever started them, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from kubewright.testing.envtest.processes import ProcessSet
from tests.support import eventually


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_stop_ends_children_that_ignore_the_polite_signal_and_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    processes = ProcessSet(folder)
    processes.start("stubborn", ["/bin/sh", "-c", "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done"])
    eventually(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip())
    pid = int((folder / "pid").read_text())
    processes.stop()
    processes.stop()
    assert not alive(pid)
    assert not folder.exists()


def test_a_child_that_ends_by_itself_is_reported_with_its_last_words(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    processes = ProcessSet(folder)
    try:
        processes.start("brief", ["/bin/sh", "-c", "echo farewell; exit 4"])
        eventually(lambda: processes.ended() is not None)
        ended = processes.ended()
        assert ended is not None
        assert "brief ended with exit code 4" in ended
        assert "farewell" in ended
    finally:
        processes.stop()


def test_children_and_folder_go_when_the_starter_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    starter = (
        "import sys, time; from pathlib import Path; from kubewright.testing.envtest.processes import ProcessSet\n"
        "processes = ProcessSet(Path(sys.argv[1]))\n"
        "processes.start('child', ['/bin/sh', '-c', 'echo $$ > pid; exec sleep 600'])\n"
        "time.sleep(600)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", starter, str(folder)], cwd=Path(__file__).parents[2])
    try:
        eventually(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip())
        pid = int((folder / "pid").read_text())
        child.send_signal(signal.SIGKILL)
        child.wait()
        eventually(lambda: not alive(pid))
        eventually(lambda: not folder.exists())
    finally:
        child.kill()
        child.wait()
