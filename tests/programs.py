"""The helper programs of tests/meson.build, built where the server was."""
import fcntl
import subprocess

import pytest

from server_process import BINARY


def built(name):
    """The path of a program; makes it if need be, so that building the server alone is enough."""
    folder = BINARY.parent
    if not (folder / "build.ninja").exists():
        pytest.skip(f"{folder} is no build folder, so there is no {name}")
    with open(folder / "build.ninja", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # one ninja at a time: others run tests beside us
        made = subprocess.run(["ninja", "-C", folder, f"tests/{name}"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert made.returncode == 0, made.stdout
    return folder / "tests" / name
