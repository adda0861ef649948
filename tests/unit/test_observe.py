"""Figures are lines of the log, one each, and none leaves anything behind for the next."""

import json

from functions.shared.observe import count


def written(capsys):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [
        {key: value for key, value in line.items() if key not in ("_aws", "service")}
        for line in lines
    ]


def test_a_figure_that_is_not_written_is_not_in_the_next_one(capsys, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    for number in range(40):
        count("Dropped", model=f"m-{number}", code="c")
    assert written(capsys) == []
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED")
    count("Turns")
    count("Refused", 2, model="m-1")
    assert written(capsys) == [{"Turns": [1.0]}, {"Refused": [2.0], "model": "m-1"}]
