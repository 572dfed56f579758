"""The commands and their options; what they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .errors import guarded

__all__ = ["app"]

app = typer.Typer(
    name="bbasync",
    help="Crawl Bitbucket Cloud into a database, call its API, or try both on a fake. Credentials come from the "
    "environment: BITBUCKET_EMAIL and BITBUCKET_API_TOKEN, or BITBUCKET_ACCESS_TOKEN; else from `bbasync login`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and so secrets
)

BaseUrl = Annotated[
    str,
    typer.Option(
        "--base-url",
        help="Another server than Bitbucket Cloud's, such as `bbasync fake`; by default BITBUCKET_BASE_URL.",
        metavar="URL",
    ),
]
Resources = Annotated[str, typer.Option(help="Which resources, separated by commas; by default all.")]
DataCenter = Annotated[
    bool, typer.Option("--data-center", help="Ask the server of BITBUCKET_DC_URL with BITBUCKET_DC_TOKEN.")
]


@app.command()
def crawl(
    workspaces: Annotated[list[str] | None, typer.Argument(help="Slugs; without any, all the user's.")] = None,
    store: Annotated[
        str, typer.Option(help="An SQLAlchemy URL, by default sqlite:///bitbucket.db.", metavar="URL")
    ] = "",
    resources: Resources = "",
    include: Annotated[list[str] | None, typer.Option(help="Only repositories like this glob.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No repositories like this glob.")] = None,
    since: Annotated[str, typer.Option(help="Leave out what is older, such as 2026-01-31.")] = "",
    config: Annotated[Path | None, typer.Option(help="A TOML file with a credential for each workspace.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only estimate how many requests it takes.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Crawl a fake Bitbucket that starts by itself.")] = False,
    base_url: BaseUrl = "",
) -> None:
    """Crawl workspaces of Bitbucket Cloud into a database.

    The same command resumes after it was stopped or killed; when a crawl is complete, the next one reads what changed.
    """
    with guarded("stopped; the same command resumes from here"):
        from .crawling import Plan, run_crawl, run_demo  # noqa: PLC0415 - SQLAlchemy takes long

        plan = Plan(
            workspaces=workspaces or [],
            store=store,
            resources=resources,
            include=include or [],
            exclude=exclude or [],
            since=since,
            config=config,
            dry_run=dry_run,
            base_url=base_url,
        )
        complete = run_demo(plan) if demo else run_crawl(plan)
    if not complete:
        raise typer.Exit(1)


@app.command()
def export(
    workspaces: Annotated[list[str] | None, typer.Argument(help="Slugs; without any, all.")] = None,
    store: Annotated[str, typer.Option(help="An SQLAlchemy URL.", metavar="URL")] = "sqlite:///bitbucket.db",
    resources: Resources = "",
    output: Annotated[Path | None, typer.Option(help="A file; by default standard output.")] = None,
) -> None:
    """Write the rows of a store as JSON Lines."""
    with guarded():
        from .crawling import run_export  # noqa: PLC0415 - SQLAlchemy takes long

        run_export(store, resources, workspaces or [], output)


@app.command()
def api(
    method: Annotated[str, typer.Argument(help="GET, POST, PUT, DELETE ...")],
    path: Annotated[str, typer.Argument(help="After the base URL, such as /user or /repositories/acme.")],
    field: Annotated[list[str] | None, typer.Option("--field", "-q", help="A query parameter, key=value.")] = None,
    body: Annotated[str, typer.Option("--input", help="A file with a JSON body; - is standard input.")] = "",
    *,
    paginate: Annotated[bool, typer.Option("--paginate", help="Follow all pages, one item a line.")] = False,
    data_center: DataCenter = False,
    base_url: BaseUrl = "",
) -> None:
    """Call one operation and print its JSON."""
    with guarded():
        from .calls import run_api  # noqa: PLC0415 - only this command needs it

        run_api(method, path, field or [], body, base_url, paginate=paginate, data_center=data_center)


@app.command()
def whoami(base_url: BaseUrl = "") -> None:
    """Show whom the credential of Bitbucket Cloud stands for, its scopes and its limits."""
    with guarded():
        from .calls import run_whoami  # noqa: PLC0415 - only this command needs it

        run_whoami(base_url)


DataCenterUrl = Annotated[
    str, typer.Option("--data-center", help="The address of a Data Center, instead of Bitbucket Cloud.", metavar="URL")
]


@app.command()
def login(
    client_id: Annotated[
        str,
        typer.Option(
            help="The key of an OAuth consumer, or of an application link.", envvar="BITBUCKET_OAUTH_CLIENT_ID"
        ),
    ] = "",
    data_center: DataCenterUrl = "",
    port: Annotated[
        int, typer.Option(help="Of the callback URL http://127.0.0.1:PORT/callback.", min=0, max=65535)
    ] = 8976,
    scopes: Annotated[
        str, typer.Option(help="Separated by commas; by default those of the consumer, of a Data Center REPO_READ.")
    ] = "",
    *,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address to open.")] = False,
    base_url: BaseUrl = "",
) -> None:
    """Agree in the browser, and keep the token in the system's keyring for the other commands.

    The client's secret is read from BITBUCKET_OAUTH_CLIENT_SECRET, or asked for.
    """
    with guarded():
        from .credentials import site_of  # noqa: PLC0415 - only this command needs it
        from .login import run_login  # noqa: PLC0415 - same

        run_login(site_of(base_url, data_center), client_id, scopes, port, browse=not no_browser)


@app.command()
def logout(data_center: DataCenterUrl = "", base_url: BaseUrl = "") -> None:
    """Remove what `bbasync login` has kept; a Data Center is asked to revoke the token, Cloud cannot be."""
    with guarded():
        from .credentials import site_of  # noqa: PLC0415 - only this command needs it
        from .login import run_logout  # noqa: PLC0415 - same

        run_logout(site_of(base_url, data_center))


@app.command()
def fake(
    host: Annotated[str, typer.Option(help="The address to bind, which links name too.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any that is free.", min=0, max=65535)] = 0,
    git: Annotated[list[Path] | None, typer.Option(help="Serve the history of a local git repository.")] = None,
    seed: Annotated[int | None, typer.Option(help="Other made-up data.", show_default="0")] = None,
    workspaces: Annotated[
        int | None, typer.Option(help="How many workspaces, or projects of a Data Center.", min=1, show_default="3")
    ] = None,
    repositories: Annotated[int | None, typer.Option(help="How many in each of them.", min=1, show_default="4")] = None,
    latency: Annotated[float, typer.Option(help="Seconds before each answer.", min=0)] = 0.0,
    limit: Annotated[
        int | None, typer.Option(help="Requests in a window.", min=1, show_default="1000, of a Data Center none")
    ] = None,
    window: Annotated[float, typer.Option(help="Seconds of the window.", min=0.1)] = 3600.0,
    *,
    data_center: Annotated[bool, typer.Option("--data-center", help="A Data Center server.")] = False,
) -> None:
    """Serve a fake Bitbucket, on this machine alone unless --host says otherwise, until Ctrl-C."""
    with guarded():
        from .fakes import make, serve  # noqa: PLC0415 - only this command needs them

        serve(
            make(
                host=host,
                port=port,
                git=git or [],
                seed=seed,
                workspaces=workspaces,
                repositories=repositories,
                latency=latency,
                limit=limit,
                window=window,
                data_center=data_center,
            )
        )
