import importlib
import importlib.metadata
import inspect
import re
from pathlib import Path

import httpx
import pytest

from local.emulator import __main__ as launcher
from local.emulator.corrections import CORRECTIONS
from local.emulator.patching import MINISTACK_VERSION, Correction, missing_names

ARGUMENTS = ["--port", "1", "--directory", "unused", "--ec2-log", "unused"]


def test_another_version_of_the_emulator_is_refused(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1.6.0")
    assert launcher.main(ARGUMENTS) == (
        f"The corrections are for ministack {MINISTACK_VERSION}; this is 1.6.0."
    )


def test_a_private_name_that_is_gone_is_named():
    def nothing() -> None:
        """Stock: wrong."""

    lost = Correction(apply=nothing, finding="", patches=("json:loads", "json:gone", "nowhere:x"))
    assert missing_names([lost]) == ["json:gone (for nothing)", "nowhere:x (for nothing)"]


def test_the_table_names_every_correction_once():
    written = {
        name
        for module in {correction.module for correction in CORRECTIONS}
        for name, function in inspect.getmembers(importlib.import_module(module))
        if inspect.isfunction(function) and (function.__doc__ or "").startswith("Stock:")
    }
    named = [correction.name for correction in CORRECTIONS]
    assert sorted(named) == sorted(written)


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: correction.name)
def test_a_correction_tells_what_is_wrong_and_until_when(correction):
    assert "Here" in correction.apply.__doc__ or "Stock:" in correction.apply.__doc__
    assert correction.droppable_after == MINISTACK_VERSION
    assert correction.patches


@pytest.mark.emulator
def test_the_emulator_lists_the_corrections_that_are_on(emulator):
    told = httpx.get(f"{emulator.endpoint}/_countersign/health").json()
    assert told["corrections"] == [correction.name for correction in CORRECTIONS]


@pytest.mark.emulator
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's list of sockets")
def test_the_emulator_listens_on_loopback_only(emulator):
    process = Path("/proc") / str(emulator.process.pid)
    own = {found[1] for link in (process / "fd").iterdir() if (found := socket_of(link))}
    listening = [
        fields[1]
        for name in ("tcp", "tcp6")
        for fields in map(str.split, (process / "net" / name).read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in own
    ]
    assert listening
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}


def socket_of(link: Path) -> re.Match[str] | None:
    try:
        return re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
    except FileNotFoundError:
        return None
