"""Command to create, list and revoke API keys: `python -m api.keys first|create|list|revoke`.

A running service uses a change at once.
"""

import argparse
import os
import sys
from datetime import datetime

from api.bootstrap.adapters import adapters, need_store
from api.domain.api_keys import ApiKey, Scope
from api.errors import InvalidRequestError, MoodlineError
from api.services.access import Access
from api.settings import SettingsError, read_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code, with a message if it fails."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        if options.command in ("list", "revoke"):  # a first key may be made before the service runs
            need_store(settings)
        ports = adapters(settings)
        try:
            _run(options, Access(ports.keys, ports.clock, settings.api_key_pepper))
        finally:
            ports.close()
    except (SettingsError, MoodlineError) as error:
        faults = error.errors if isinstance(error, InvalidRequestError) else ()
        details = [f" {fault.where}: {fault.reason}." for fault in faults]
        print(f"moodline: {error}{''.join(details)}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.keys", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "first", help="create the first key, which has the scope admin, and show it, once"
    )
    create = commands.add_parser("create", help="create a key and show it, once")
    create.add_argument("name", help="what the key is for, as `list` shows it")
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        type=Scope,
        choices=list(Scope),
        help="what it allows; may be given several times. application: analyse, read and erase"
        " with everybody's data; admin: everything",
    )
    create.add_argument(
        "--user",
        action="append",
        default=[],
        help="whose data it reaches; may be given several times (application and admin:"
        " everybody's)",
    )
    commands.add_parser("list", help="list the keys")
    revoke = commands.add_parser("revoke", help="revoke a key")
    revoke.add_argument("prefix", help="the part of the key before the dot")
    return parser


def _run(options: argparse.Namespace, access: Access) -> None:
    if options.command in ("first", "create"):
        first = options.command == "first"
        print(
            access.create_first()
            if first
            else access.create(options.name, options.scope, options.user)
        )
        print("This is shown once: store it as a secret.", file=sys.stderr)
    elif options.command == "revoke":
        access.revoke(options.prefix)
        print(f"{options.prefix} is revoked.")
    else:
        for key in access.all_keys():
            print(_line(key))


def _line(key: ApiKey) -> str:
    users = "everybody" if key.reaches_everybody else ",".join(sorted(key.users))
    return (
        f"{key.prefix}  {key.name}  scopes {','.join(sorted(key.scopes))}  users {users}"
        f"  made {_minute(key.created_at)}"
        f"  last used {_minute(key.last_used_at) if key.last_used_at else 'never'}"
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


if __name__ == "__main__":
    sys.exit(main())
