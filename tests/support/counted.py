"""What a room counted: business facts leave it as lines on standard output, in CloudWatch's embedded metric format."""

import json

import pytest


def counted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The names counted since somebody last asked, oldest first."""
    names: list[str] = []
    for line in capsys.readouterr().out.splitlines():
        try:
            told = json.loads(line)["_aws"]
        except (ValueError, KeyError, TypeError):
            continue
        names += [one["Name"] for part in told["CloudWatchMetrics"] for one in part["Metrics"]]
    return names
