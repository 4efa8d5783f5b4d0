"""An option that cannot be repeated is refused, in every command, and never dropped."""

import pytest
import typer
from typer.testing import CliRunner

from glassformer.cli.app import app
from glassformer.errors import ConfigError

COMMANDS = typer.main.get_command(app).commands
SINGLE = [
    (name, option.opts[0])
    for name, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option" and not option.is_flag and not option.multiple
]


@pytest.mark.parametrize(("name", "option"), SINGLE, ids=lambda word: word)
def test_a_single_option_given_twice_is_refused(name: str, option: str) -> None:
    for words in ([option, "3", option, "4"], [f"{option}=3", option, "4"]):
        result = CliRunner().invoke(app, [name, *words])
        assert isinstance(result.exception, ConfigError), result.output
        assert f"{option} is given 2 times and takes one value" in str(result.exception)


def test_it_says_what_can_be_repeated() -> None:
    result = CliRunner().invoke(app, ["evaluate", "--model", "a", "--model", "b"])
    assert "--hypotheses and --metric and --target can be repeated" in str(result.exception)


def test_flags_and_lists_may_be_repeated() -> None:
    result = CliRunner().invoke(app, ["evaluate", "--json", "--json", "--target", "a", "--target", "b"])
    assert "give --source" in str(result.exception)


def test_every_command_is_such_a_one() -> None:
    assert len(SINGLE) > 60
    assert {name for name, _ in SINGLE} >= set(COMMANDS) - {"info"}  # which has a flag alone
