"""In the chat's turn: what waits for people, what is done once, to whom a conversation may go."""

from tests.sweeps.guard import guard

ACTIONS = "tests/unit/test_converse_actions.py"
SWITCH = "tests/unit/test_converse_switch.py"
CLIENT = "tests/integration/test_client_calls.py"
BACKGROUND = "tests/integration/test_background_calls.py"
LENIENT = "tests/unit/test_lenient_arguments.py"

TALKING = (
    guard(
        "a gated call of an answer waits for people",
        "chat/do_calls.py",
        "    gated = [call for call in calls if call.is_gated and _has_room(call, rooms)]",
        "    gated = list[CheckedCall]()",
        "tests/unit/test_converse.py",
        ACTIONS,
    ),
    guard(
        "an action of which nothing is said needs people where its kind does",
        "shared/agent.py",
        'approval=compiled.get("approval", KINDS[compiled["kind"]].approval)',
        'approval=compiled.get("approval", "never")',
        ACTIONS,
    ),
    guard(
        "what may not run twice is remembered before it runs",
        "chat/converse.py",
        "        if not all(may_be_repeated(call) for call in others):",
        "        if False:",
        ACTIONS,
        BACKGROUND,
    ),
    guard(
        "a turn that was interrupted runs nothing again",
        "chat/converse.py",
        "        resumed = self._resume()",
        "        resumed = None",
        ACTIONS,
    ),
    guard(
        "the limit of tool calls holds",
        "chat/converse.py",
        "others[: limit - self._done], others[limit - self._done :]",
        "others, []",
        ACTIONS,
    ),
    guard(
        "a conversation goes only to agents that who writes may talk to",
        "chat/converse.py",
        "            if agent.may_be_used_by(self._talk.groups)",
        "            if True",
        SWITCH,
    ),
    guard(
        "a hand-over beside a gated call is refused",
        "chat/converse.py",
        "        is_alone = not gated and not waits and not too_many\n",
        "        is_alone = True\n",
        SWITCH,
    ),
    guard(
        "nothing from before a hand-over reaches the other agent",
        "chat/history.py",
        "        if switch_in(turn.steps)[0] is not None:",
        "        if False:",
        SWITCH,
        "tests/unit/test_history.py",
    ),
    guard(
        "an agent for other groups cannot be talked to",
        "chat/take_turn.py",
        "    if not agent.may_be_used_by(asked.groups):",
        "    if False:",
        CLIENT,
    ),
    guard(
        "the client answers its own calls only",
        "chat/tool_results.py",
        '            if call["id"] == given.call_id and turn.is_for_client(call):',
        '            if call["id"] == given.call_id:',
        CLIENT,
    ),
    guard(
        "a result of the client is given once",
        "chat/tool_results.py",
        "    if (outcome.status, outcome.text) != (ANSWERED, given.text):",
        "    if False:",
        CLIENT,
    ),
    guard(
        "results together stay within what a turn may hold",
        "chat/steps.py",
        "        if size_of([*steps, step]) > within:",
        "        if False:",
        ACTIONS,
    ),
    guard(
        "half a character is refused before it is stored",
        "chat/arguments.py",
        "        _check_text(arguments)",
        "        pass",
        LENIENT,
    ),
)
