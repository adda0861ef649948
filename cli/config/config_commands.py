"""`countersign config show`: what holds for a deployment, and where each value comes from."""

import typer

from cli.operator import HomeDirectory
from cli.terminal.entry import Chosen, Json, ended
from cli.terminal.screen import Screen

config = typer.Typer(no_args_is_help=True, help="The operator's page.")


@config.command()
def show(home: HomeDirectory = None, as_json: Json = False) -> None:
    """Print every value that holds, and where it comes from; 1 where the page cannot be used."""

    def run(screen: Screen) -> int:
        from cli.config.show import show_page

        return show_page(screen, home)

    ended(Chosen(as_json=as_json), run)
