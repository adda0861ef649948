"""The two bills: 1,000 conversations, and a month in which nobody says anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.cost import prices
from benchmarks.cost.prices import HOURS_A_MONTH, Price
from benchmarks.cost.recorder import Recorder
from benchmarks.cost.stack import Function, Stack

CONVERSATIONS = 1_000
CONVERSATIONS_GOAL = 0.25
IDLE_GOAL = 5.00
MINUTES_A_MONTH = HOURS_A_MONTH * 60

# Assumptions: what only a deployed stack could measure.
HANDLER_MILLISECONDS = 15
MILLISECONDS = {
    "dynamodb": 8,
    "kms": 12,
    "ssm": 15,
    "sns": 30,
    "sesv2": 60,
    "cognito-idp": 40,
    "stepfunctions": 30,
    "lambda": 30,
    "sts": 60,
    "ec2": 400,
    "iam": 60,
    "pricing": 300,
    "service-quotas": 200,
    "model": 2_000,
}
"""How long a room waits for one answer."""
UNTIL_RUNNING_MILLISECONDS = 15_000
PREFLIGHT_WORKERS = 8
"""Preflight asks AWS side by side."""
COLD_SHARE, COLD_MILLISECONDS = 0.3, 700
PLATFORM_LOG_BYTES = 1_000
"""Start, end and report of one invocation, as JSON."""
ACCESS_LOG_BYTES = 350
STATE_LOG_BYTES = 1_500
"""Entered, scheduled, started, succeeded, exited: what one state logs."""
TOPIC_KEY_REQUESTS = 1
"""SNS and SQS keep a data key for five minutes."""
OTHER_MILLISECONDS = 1_000
"""What a schedule beside the sweep takes, always from a cold start."""
WARM_CALLERS = MINUTES_A_MONTH / 5
"""DynamoDB asks for a table's key once in five minutes for each caller."""


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    amount: float
    price: Price
    note: str = ""

    @property
    def usd(self) -> float:
        return self.price.of(self.amount)


@dataclass(frozen=True, slots=True)
class Work:
    """A room's part in one conversation."""

    room: str
    invocations: int
    memory: int
    milliseconds: float
    price: Price

    @property
    def gigabyte_seconds(self) -> float:
        return self.milliseconds / 1000 * self.memory / 1024


def work(recorder: Recorder, stack: Stack) -> list[Work]:
    """Every room that was invoked, with how long it is assumed to take."""
    return [
        _work(recorder, stack.functions[room], invocations)
        for room, invocations in sorted(recorder.invocations.items())
    ]


def _work(recorder: Recorder, function: Function, invocations: int) -> Work:
    asked = recorder.of_room(function.word)
    waited: float = sum(MILLISECONDS[service] * number for service, number in asked.items())
    if function.word == "preflight":
        waited = max(waited / PREFLIGHT_WORKERS, *(MILLISECONDS[service] for service in asked))
    if function.word == "launch_instance":
        waited += UNTIL_RUNNING_MILLISECONDS
    own = invocations * (HANDLER_MILLISECONDS + COLD_SHARE * COLD_MILLISECONDS)
    is_arm = function.architecture == "arm64"
    return Work(
        function.word,
        invocations,
        function.memory,
        own + waited,
        prices.LAMBDA_ARM if is_arm else prices.LAMBDA_X86,
    )


def conversations(recorder: Recorder, stack: Stack, states: list[str]) -> Iterator[Line]:
    """1,000 of them: what each adds to the bill."""
    rooms = work(recorder, stack)
    invoked = recorder.invocations.total()
    over_http = recorder.over_http
    units = recorder.all_units()
    mails = recorder.count("sns", "Publish")
    callers = len(recorder.touched)
    many = CONVERSATIONS
    yield Line("Step Functions", len(states) * many, prices.TRANSITIONS, "states of one launch")
    seconds = sum(one.gigabyte_seconds for one in rooms)
    yield Line("Lambda, time", seconds * many, rooms[0].price, "waiting for the model included")
    yield Line("Lambda, requests", invoked * many, prices.LAMBDA_REQUESTS)
    yield Line("Mails", mails * many, prices.SNS_MAILS, "asked, and told the outcome")
    yield Line("Mails, publishing", mails * many, prices.SNS_PUBLISHES)
    yield Line("DynamoDB, writes", units.writes * many, prices.WRITE_UNITS)
    yield Line("DynamoDB, reads", units.reads * many, prices.READ_UNITS)
    yield Line("KMS, seals", recorder.count("kms") * many, prices.KMS_REQUESTS)
    yield Line(
        "KMS, keys of tables and topic",
        (callers + TOPIC_KEY_REQUESTS * 2) * many,
        prices.KMS_REQUESTS,
        "if each comes alone in its five minutes",
    )
    yield Line("HTTP API", over_http * many, prices.HTTP_API)
    log_bytes = (
        recorder.logged_bytes
        + PLATFORM_LOG_BYTES * invoked
        + ACCESS_LOG_BYTES * over_http
        + STATE_LOG_BYTES * len(states)
    )
    yield Line("Logs", log_bytes * many, prices.LOG_BYTES)
    if any(function.is_traced for function in stack.functions.values()):
        yield Line("Traces", (over_http + 1) * many, prices.TRACES, "X-Ray keeps every one")


def idle_month(sweep: Recorder, stack: Stack) -> Iterator[Line]:
    """730 hours in which only the sweep runs."""
    *others, sweeps = stack.schedules
    [one] = work(sweep, stack)
    function = stack.functions["sweep"]
    warm = one.milliseconds - COLD_SHARE * COLD_MILLISECONDS
    units = sweep.all_units()
    yield Line("KMS keys", stack.count("KMS::Key"), prices.KMS_KEYS, "in their first year")
    yield Line("Alarms", stack.count("CloudWatch::Alarm"), prices.ALARMS)
    yield Line("Secrets", stack.count("SecretsManager::Secret"), prices.SECRETS, "the model's key")
    yield Line("Metrics the sweep writes", len(sweep.figures()), prices.METRICS)
    yield Line("Sweep, requests", sweeps, prices.LAMBDA_REQUESTS)
    yield Line("Sweep, time", warm / 1000 * function.memory / 1024 * sweeps, one.price)
    if function.is_traced:
        yield Line("Sweep, traces", sweeps, prices.TRACES)
    yield Line("Sweep, DynamoDB reads", units.reads * sweeps, prices.READ_UNITS)
    yield Line("Sweep, keys of tables", WARM_CALLERS * len(sweep.units), prices.KMS_REQUESTS)
    logged = sweep.logged_bytes + PLATFORM_LOG_BYTES
    yield Line("Sweep, logs", logged * sweeps, prices.LOG_BYTES)
    seconds = sum(others) * (COLD_MILLISECONDS + OTHER_MILLISECONDS) / 1000
    yield Line("Other schedules, time", seconds * function.memory / 1024, one.price)


def total(lines: list[Line]) -> float:
    return sum(line.usd for line in lines)
