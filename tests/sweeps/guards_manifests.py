"""What a manifest may bring to the sandbox, and who carries it."""

from tests.sweeps.guard import Guard

RESOURCES = "tests/unit/test_manifest_resources.py"
CARRIED = "tests/infra/test_code_files.py"
COMMAND = "tests/integration/test_cli_agents_python.py"


def _guard(name: str, file: str, old: str, new: str, test: str) -> Guard:
    return Guard(name, file, old, new, (test,))


MANIFESTS = (
    _guard(
        "a resource is no link, and lies in none",
        "infra/manifests/files.py",
        "                if place.is_symlink():\n",
        "                if False:\n",
        RESOURCES,
    ),
    _guard(
        "a link within a folder of resources is refused",
        "infra/manifests/resources.py",
        "        if path.is_symlink():\n",
        "        if False:\n",
        RESOURCES,
    ),
    _guard(
        "a resource's name leads nowhere else and is not hidden",
        "infra/manifests/files.py",
        '        if not parts or any(part.startswith(".") for part in parts):\n',
        "        if not parts:\n",
        RESOURCES,
    ),
    _guard(
        "what is hidden in a folder of resources is left out",
        "infra/manifests/resources.py",
        'if entry.name.startswith(".") or entry.name == LEFT_OUT:',
        "if False:",
        RESOURCES,
    ),
    _guard(
        "a resource is a file",
        "infra/manifests/resources.py",
        "        if not path.is_file():\n",
        "        if False:\n",
        RESOURCES,
    ),
    _guard(
        "a resource's name can be written in a run's folder",
        "infra/manifests/resources.py",
        "if len(called) > NAME_CHARACTERS or not called.isprintable():",
        "if False:",
        RESOURCES,
    ),
    _guard(
        "one resource is no larger than a run takes",
        "infra/manifests/resources.py",
        "        if len(content) > FILE_BYTES:\n",
        "        if False:\n",
        RESOURCES,
    ),
    _guard(
        "resources leave room in an event",
        "infra/manifests/resources.py",
        "        if sum(len(one.packed) for one in resources) > PACKED_BYTES:\n",
        "        if False:\n",
        RESOURCES,
    ),
    _guard(
        "resources are no more than a run unpacks",
        "infra/manifests/resources.py",
        "        if unpacked > ALL_BYTES:\n",
        "        if False:\n",
        RESOURCES,
    ),
    _guard(
        "resources are no more files than a run takes",
        "infra/manifests/resources.py",
        "    if len(found) > MOST_FILES:\n",
        "    if False:\n",
        RESOURCES,
    ),
    _guard(
        "another resource is another digest",
        "infra/manifests/compile.py",
        "    files = {one.name: one.sha256 for one in code.resources}\n",
        "    files: dict[str, str] = {}\n",
        RESOURCES,
    ),
    _guard(
        "a module that needs the network is refused",
        "infra/manifests/manifest.py",
        "        if network:\n",
        "        if False:\n",
        RESOURCES,
    ),
    _guard(
        "policy frees no function that there is not",
        "infra/manifests/members.py",
        "if head.notebook and name in NOTEBOOK_FUNCTIONS]",
        "if name in NOTEBOOK_FUNCTIONS]",
        RESOURCES,
    ),
    _guard(
        "an agent's files are its own",
        "infra/code_files.py",
        "    told = {verdict.id: _of(verdict.code) for verdict in verdicts}\n",
        "    listed = list(verdicts)\n"
        "    told = {one.id: {k: v for two in listed for k, v in _of(two.code).items()} for one in listed}\n",
        CARRIED,
    ),
    _guard(
        "a stack knows every module by its hash",
        "infra/agents.py",
        '        if action["kind"] == "module" and "sha256" in action\n',
        '        if action["kind"] == "module" and "sha256" in action and False\n',
        CARRIED,
    ),
    _guard(
        "a stack knows that Python is needed",
        "infra/agents.py",
        '        agent.get("notebook")\n        or any(',
        "        any(",
        CARRIED,
    ),
    _guard(
        "on an author's machine Python is confined, or not run",
        "cli/agents_python.py",
        'confinement="unconfined" if is_unconfined else "namespaces"',
        'confinement="unconfined"',
        COMMAND,
    ),
    _guard(
        "an author's settings are theirs again after a call",
        "cli/agents_python.py",
        "        os.environ.clear()  # noqa: TID251\n        os.environ.update(before)  # noqa: TID251\n",
        "        pass\n",
        COMMAND,
    ),
)
