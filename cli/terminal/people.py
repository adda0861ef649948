"""The commands of people, composed."""

import typer

from cli.terminal.approval_commands import approvals
from cli.terminal.chat_command import chat
from cli.terminal.conversation_commands import conversations
from cli.terminal.sign_in_commands import login, logout

people = typer.Typer(no_args_is_help=True, add_completion=True)
people.command()(login)
people.command()(logout)
people.command()(chat)
people.add_typer(conversations, name="conversations")
people.add_typer(approvals, name="approvals")
