"""Code that people countersign: what they are shown of it, and that nothing else runs."""

from tests.sweeps.guard import guard

VISIBLE = "tests/unit/test_visible_code.py"
SHOWN = "tests/unit/test_countersigned_code.py"
MAILED = "tests/unit/test_mailed_code.py"
WHOLE = "tests/integration/test_countersigned_code.py"
PAGE = "tests/browser/test_browser_countersigned_code.py"

CODE = (
    guard(
        "code hides nothing",
        "shared/visible_text.py",
        "        _visible(character) == character\n",
        "        True\n",
        VISIBLE,
    ),
    guard(
        "no code passes for a mark",
        "shared/visible_text.py",
        "        and character != _MARK\n",
        "",
        VISIBLE,
    ),
    guard(
        "nothing in code is read from right to left",
        "shared/visible_text.py",
        "        and unicodedata.bidirectional(character) not in _TURNING\n",
        "",
        VISIBLE,
    ),
    guard(
        "code is not pushed out of sight",
        "shared/visible_text.py",
        "not is_at_end and len(text) <= LONGEST_BLANK",
        "not is_at_end",
        VISIBLE,
    ),
    guard(
        "blanks at the end of a line of code are seen",
        "shared/visible_text.py",
        "not is_at_end and len(text) <= LONGEST_BLANK",
        "len(text) <= LONGEST_BLANK",
        VISIBLE,
    ),
    guard(
        "no line of code passes for a line of ours",
        "shared/countersigned_action.py",
        '*numbered(fact["value"])',
        '*fact["value"].split("\\n")',
        SHOWN,
    ),
    guard(
        "a notebook's call without code asks nobody",
        "shared/countersigned_action.py",
        "        countersigned_code.check(arguments)\n",
        "        pass\n",
        SHOWN,
    ),
    guard(
        "code that is nothing but marks asks nobody",
        "shared/countersigned_code.py",
        '    if len(visible_code(code).encode("utf-8", "replace")) > SHOWN_BYTES:',
        "    if False:",
        SHOWN,
    ),
    guard(
        "the digest binds what confines code",
        "shared/countersigned_action.py",
        '({"sandbox": shown(fixed["sandbox"])} if is_python else {})',
        "{}",
        SHOWN,
    ),
    guard(
        "code that is not fully confined is a warning",
        "shared/countersigned_action.py",
        "    if is_python and countersigned_code.is_unconfined(call):",
        "    if False:",
        SHOWN,
    ),
    guard(
        "an argument of the operator's file is never code",
        "shared/countersigned_code.py",
        '    if call.get("operation") != NOTEBOOK:\n        return []\n',
        "",
        SHOWN,
    ),
    guard(
        "a mail says which lines of code it does not hold",
        "shared/mailed_code.py",
        "if held != lines else []",
        "if False else []",
        MAILED,
    ),
    guard(
        "nothing in a mail's code becomes a link",
        "shared/mailed_code.py",
        "told = [unlinked(line) for line in held]",
        "told = held",
        MAILED,
    ),
    guard(
        "what code gave is not said in our words",
        "shared/mails.py",
        '    if not is_outside_text(str(call["operation"]), outcome.status):',
        "    if True:",
        MAILED,
    ),
    guard(
        "what code gave is marked on the page",
        "shared/outside_text.py",
        "kind is not None and kind.brings_outside_text and status in MAY_BE_OUTSIDE",
        "False",
        WHOLE,
    ),
    guard(
        "only the sandbox's room runs code",
        "launch_instance/runners.py",
        "Runner(run=_hand_over, client=_sandbox, nothing=NOTHING_RUN)",
        "Runner(run=_hand_over, client=_run_action, nothing=NOTHING_RUN)",
        WHOLE,
    ),
    guard(
        "an unclear answer of the sandbox is asked for again",
        "launch_instance/hand_over.py",
        "        takes_repeats=True,\n",
        "",
        WHOLE,
    ),
    guard(
        "without a sandbox it is said by name",
        "launch_instance/hand_over.py",
        "        if not self.function:\n",
        "        if False:\n",
        WHOLE,
    ),
    guard(
        "a room runs only its own kinds",
        "shared/countersigned_call.py",
        "action is None or action.kind not in checking.kinds",
        "action is None",
        WHOLE,
    ),
    guard(
        "the page hides nothing of code",
        "pages/static/code_lines.js",
        "marked(visible(line))",
        "marked(line)",
        PAGE,
    ),
    guard(
        "the page shows code in the order in which it runs",
        "pages/static/approvals.css",
        "direction: ltr; unicode-bidi: bidi-override; counter-reset: line;",
        "counter-reset: line;",
        PAGE,
    ),
    guard(
        "no code scrolls out of sight",
        "pages/static/approvals.css",
        "white-space: pre-wrap; overflow-wrap: anywhere; }\n.code-line::before",
        "white-space: pre; }\n.code-line::before",
        PAGE,
    ),
)
