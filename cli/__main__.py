"""`python -m cli …`: Countersign's command line."""

import sys
from collections.abc import Sequence

import typer

from cli.agents import agents
from cli.audit_commands import audit
from cli.config.config_commands import config
from cli.deploy.destroy_commands import destroy
from cli.doctor.doctor_commands import doctor
from cli.init.init_commands import init
from cli.logs.dead_letter_commands import dead_letters
from cli.logs.logs_commands import logs
from cli.model.model_commands import model
from cli.terminal.approval_commands import approvals
from cli.terminal.chat_command import chat
from cli.terminal.conversation_commands import conversations
from cli.terminal.freeze_commands import freeze, frozen, unfreeze
from cli.terminal.sign_in_commands import login, logout
from cli.users.users_commands import users

countersign = typer.Typer(no_args_is_help=True, help="Countersign's command line.")
countersign.command()(init)
countersign.command()(login)
countersign.command()(logout)
countersign.command()(chat)
countersign.command()(doctor)
countersign.command()(logs)
countersign.command()(dead_letters)
countersign.command()(freeze)
countersign.command()(unfreeze)
countersign.command()(frozen)
countersign.command()(destroy)
countersign.add_typer(conversations, name="conversations")
countersign.add_typer(approvals, name="approvals")
countersign.add_typer(agents, name="agents")
countersign.add_typer(audit, name="audit")
countersign.add_typer(config, name="config")
countersign.add_typer(users, name="users")
countersign.add_typer(model, name="model")


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit status, 2 where the command line cannot be read."""
    try:
        countersign(list(arguments), prog_name="countersign")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
