"""The `marops` command: run, sample, import, watch, sync, inspect, flow, check, version.

A user's mistake is one line on standard error and exit status 2. Commands import what they need when they run, so that
`marops version` answers at once.
"""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from marops import __version__, settings
from marops.cli import flowing, importing, terminal
from marops.errors import BadSetting, UserError
from marops.language import text
from marops.principal import LOCAL_ADMIN
from marops.settings import LOOPBACK

_ROOT = Path(__file__).parents[2]


app = typer.Typer(
    help="Marketing operations: the KPIs, campaigns, maturity and budget that IT and marketing share.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip


def main() -> None:
    """Run the command of this process and end it with its status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # of standard error Python sees to it
        sys.stdout.reconfigure(errors="replace")
    status: object = None
    try:
        status = app(standalone_mode=False)
    except UserError as refused:
        terminal.fail(terminal.say(refused.text))
    except typer.TyperException as wrong:  # an unknown option, a missing argument
        terminal.fail(wrong.format_message())
    except Exception as defect:  # noqa: BLE001  (no defect may end in a traceback on somebody's screen)
        terminal.fail(terminal.say(terminal.logged(defect)), terminal.FAILED)
    except (KeyboardInterrupt, typer.Abort):
        raise SystemExit(130) from None
    raise SystemExit(status if isinstance(status, int) else 0)


@app.command()
def run(
    *,
    sample: Annotated[bool, typer.Option(help="Set up the sample company on the first start.")] = True,
) -> None:
    """Set up what is missing and serve the app (MAROPS_HOST, default 127.0.0.1; MAROPS_PORT, default 8501)."""
    found = settings.current()
    _check_port_free(found.host, found.port)
    if found.host not in LOOPBACK:
        terminal.tell(text("Warning: listening on {host}. Whoever reaches this address is admin of this marops.", host=found.host))
    shown = "localhost" if found.host in LOOPBACK else found.host
    terminal.tell(text("marops opens on {url} (stop with Ctrl+C)", url=f"http://{shown}:{found.port}"))
    _serve(found, sample=sample)


@app.command()
def sample(
    seed: Annotated[int, typer.Option(min=0, help="Another number makes another company.")] = 7,
    scale: Annotated[int, typer.Option(min=1, max=1000, help="How many times the rows of ads and leads.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("sample_data"),
) -> None:
    """Write the sample company's files, in the shapes that platforms export."""
    from marops.sample import company, files

    if out.exists() and not out.is_dir():
        raise UserError(text("{out} is a file. Give a folder.", out=str(out)))
    paths = files.write(company.simulate(seed, scale), out, seed)
    size = sum(path.stat().st_size for path in paths)
    terminal.tell(text("{n} files in {out}, {size} MB", n=len(paths), out=str(out), size=round(size / 1e6, 1)))


app.command(name="import")(importing.import_)
for command in (importing.sync, importing.watch, importing.inspect, flowing.flow):
    app.command()(command)


@app.command()
def check() -> None:
    """Look at versions, database, schema, imported files, settings and disk; exit status 1 where one is not in order."""
    from marops import health

    settings.current()
    found = health.checks(LOCAL_ADMIN)
    for one in found:
        terminal.put(f"{'ok  ' if one.ok else 'FAIL'}  {terminal.say(one.name)}: {terminal.say(one.found)}")
    if not all(one.ok for one in found):
        raise typer.Exit(terminal.FAILED)


@app.command()
def version() -> None:
    """Print the version."""
    terminal.put(f"marops {__version__}")


def _serve(found: settings.Settings, *, sample: bool) -> None:
    """Become Streamlit's server: one process, which gets the signals itself."""
    display = sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    arguments = [
        sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={found.port}", f"--server.address={found.host}",
        f"--server.headless={str(not display).lower()}", "--server.showEmailPrompt=false",
    ]  # fmt: skip
    # The folder that Streamlit reads its configuration from is the one it is started in; ours must not move with it.
    environment = {**os.environ, "MAROPS_HOME": str(found.home), "MAROPS_SAMPLE": "yes" if sample and found.sample else "no"}
    sys.stdout.flush()
    os.chdir(_ROOT)
    if sys.platform == "win32":  # there, execv would leave the console before the server ends
        raise typer.Exit(subprocess.call(arguments, env=environment))  # noqa: S603  (our own arguments)
    os.execve(sys.executable, arguments, environment)  # noqa: S606  (our own arguments)


def _check_port_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            raise BadSetting(
                text(
                    "Port {port} of {host} cannot be used ({why}). Is marops running already? Else set MAROPS_PORT to another.",
                    port=str(port), host=host, why=taken.strerror or str(taken),
                )
            ) from None  # fmt: skip
