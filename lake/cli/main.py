"""Entry point: runs a command and turns whatever a user can cause into one sentence and an exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import typer
from typer import exceptions

from lake.errors import StageFailed, UserError
from lake.harness import environment, progress
from lake.harness.terminal import ReaderLeft, visible
from lake.settings import settings

_CTRL_C = 130  # what typer returns in its place where it meets one inside a command


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs `mixlake` with `arguments`, by default the process's own, and exits."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    code = guarded(lambda: _run(given))
    try:
        sys.stdout.flush()
    except OSError:  # told already
        _leave_output()
    sys.exit(code)


def _run(arguments: list[str]) -> object:
    import typer.main

    from lake.cli.commands import app  # takes a second: Ctrl-C may come in the middle of it
    from lake.storage.places import told_in_a_sentence

    for argument in arguments:
        _check_text(argument)
    with told_in_a_sentence(lambda: settings().root):
        code = typer.main.get_command(app).main(arguments, prog_name="mixlake", standalone_mode=False)
        sys.stdout.flush()  # what nobody reads any more, or no disk has room for, is told here
        return code


def _check_text(argument: str) -> None:
    """Raises UserError for bytes that are no text, of which no table could hold a name or an id."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise UserError(
            f"The argument {visible(argument)} is not UTF-8: a file of such a name is renamed first"
        ) from None


def guarded(command: Callable[[], object]) -> int:
    """The exit code of `command`: what it returns, or 1 or 2 after its error was printed as one sentence."""
    environment.prepare()
    # a file of the folder where the user stands, such as yaml.py, must not be imported by a child process
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        code = command()
        if code == _CTRL_C:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except exceptions.TyperException as error:
        return _tell(_usage(error), 2)
    except UserError as error:
        return _tell(str(error), 2)
    except StageFailed as error:
        return _tell(str(error), 1)
    except (BrokenPipeError, ReaderLeft):
        _leave_output()
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return _tell("Stopped. Nothing half-written was published; run again to go on.", 1)


def _leave_output() -> None:
    """What is still to be written to standard output goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: exceptions.TyperException) -> str:
    """The error, and what there is: the commands of the group, or the options of the command."""
    sentence = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return sentence
    command = context.command
    commands = getattr(command, "commands", None)
    there_is = (
        sorted(commands)
        if commands
        else sorted(option for param in command.params for option in param.opts if option.startswith("--"))
    )
    return f"{sentence}: there are {', '.join(there_is)}"


def _tell(sentence: str, code: int) -> int:
    progress.console().print(" ".join(sentence.splitlines()))
    return code
