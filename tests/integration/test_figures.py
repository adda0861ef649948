"""What rooms count for the dashboard: how long people took, and what an hour of a launch costs."""

import json

import pytest


@pytest.fixture
def figures(capsys):
    """The figures since it was last read: name, and each value with its dimensions."""
    capsys.readouterr()

    def read():
        found = {}
        for text in capsys.readouterr().out.splitlines():
            line = json.loads(text)
            for block in line.get("_aws", {}).get("CloudWatchMetrics", ()):
                for metric in block["Metrics"]:
                    own = {name: line[name] for name in block["Dimensions"][0] if name != "service"}
                    found.setdefault(metric["Name"], []).append((line[metric["Name"]][0], own))
        return found

    return read


def test_the_time_to_decide_is_counted_from_when_it_was_asked_for(backend, figures):
    approval_id = backend.ask()
    backend.open(approval_id)
    backend.clock.sleep(90)
    figures()
    backend.decide(approval_id, "reject")
    assert figures() == {
        "ApprovalsDecided": [(1, {"decision": "reject"})],
        "TimeToDecide": [(90, {})],
    }


def test_the_same_decision_again_is_no_second_one(backend, figures):
    approval_id = backend.ask()
    backend.open(approval_id)
    backend.decide(approval_id)
    figures()
    backend.decide(approval_id)
    assert "TimeToDecide" not in figures()


def test_an_hour_s_price_is_counted_once_as_the_approver_read_it(backend, figures):
    approval_id = backend.ask()
    backend.preflight(approval_id)
    backend.rehearse(approval_id)
    backend.request(approval_id)
    [call] = backend.approval(approval_id).calls()
    assert call["price"]["currency"] == "USD"
    backend.decide(approval_id)
    figures()
    backend.launch(approval_id)
    backend.launch(approval_id)
    assert figures()["LaunchedPrice"] == [(float(call["price"]["hourly"]), {"currency": "USD"})]


def test_a_launch_whose_price_nobody_knew_has_no_such_figure(backend, figures):
    approval_id = backend.ask()
    backend.open(approval_id)
    assert backend.approval(approval_id).calls()[0]["price"] is None
    backend.decide(approval_id)
    figures()
    backend.launch(approval_id)
    assert "InstancesLaunched" in (seen := figures())
    assert "LaunchedPrice" not in seen
