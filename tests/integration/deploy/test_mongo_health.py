"""deploy/mongo/health.js, run by node with stand-ins for what mongosh gives a script."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.support.compose import SECRETS, Project
from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT

pytestmark = pytest.mark.integration

NODE = Path(compute_driver_executable()[0])

# As MongoDB behaves: without users its own host may do anything, with users only who has signed in.
STAND_IN = """
{
const state = JSON.parse(process.argv[1]);
let signedIn = null;
const users = state.users;
const mayAct = () => signedIn !== null || Object.keys(users).length === 0;
const need = () => { if (!mayAct()) throw new Error("requires authentication"); };
const admin = {
  auth(name, password) {
    if (users[name] !== password) throw new Error("Authentication failed.");
    signedIn = name;
    return { ok: 1 };
  },
  createUser(user) {
    need();
    if (!state.primary) throw new Error("not primary");
    users[user.user] = user.pwd;
    state.roles[user.user] = user.roles;
  },
  getUser(name) { need(); return name in users ? { user: name } : null; },
};
globalThis.db = {
  getSiblingDB: (name) => { if (name !== "admin") throw new Error(name); return admin; },
  hello: () => ({ isWritablePrimary: state.primary }),
};
globalThis.rs = {
  initiate(config) {
    need();
    if (state.members) throw new Error("already initialized");
    state.members = config;
  },
  status() { need(); return { myState: state.primary ? 1 : 2 }; },
};
globalThis.quit = (code) => { console.log(JSON.stringify({ code, ...state })); process.exit(0); };
}
"""


class Mongo:
    """What a MongoDB remembers from one health check to the next."""

    def __init__(self, project: Project, **state: Any) -> None:
        self.project = project
        self.state = {"users": {}, "roles": {}, "members": None, "primary": False, **state}

    def check(self) -> int:
        """Run the health check and return its exit code."""
        text = (ROOT / "deploy" / "mongo" / "health.js").read_text(encoding="utf-8")
        script = STAND_IN + text.replace(SECRETS, str(self.project.secrets))
        done = subprocess.run(
            [NODE, "-e", script, json.dumps(self.state)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode != 0:  # an error that the script lets through ends mongosh, too
            return done.returncode
        self.state = json.loads(done.stdout)
        return int(self.state.pop("code"))

    def secret(self, name: str) -> str:
        return (self.project.secrets / name).read_text(encoding="utf-8").strip()


def test_a_fresh_mongo_becomes_a_replica_set_with_an_administrator_and_a_user_of_the_service(
    project: Project,
) -> None:
    mongo = Mongo(project)

    before_election = mongo.check()
    mongo.state["primary"] = True
    after = mongo.check()
    later = mongo.check()

    assert (before_election, after, later) == (1, 0, 0)
    assert mongo.state["members"]["members"] == [{"_id": 0, "host": "mongo:27017"}]
    assert mongo.state["users"] == {
        "admin": mongo.secret("mongo_admin_password"),
        "moodline": mongo.secret("mongo_password"),
    }
    assert mongo.state["roles"]["moodline"] == [{"role": "dbOwner", "db": "moodline"}]


def test_users_are_made_in_a_replica_set_that_had_none(project: Project) -> None:
    mongo = Mongo(project, members={"_id": "rs0"}, primary=True)

    assert mongo.check() == 0
    assert set(mongo.state["users"]) == {"admin", "moodline"}


def test_a_password_that_is_not_mongos_is_no_health(project: Project) -> None:
    mongo = Mongo(project, users={"admin": "another"}, members={"_id": "rs0"}, primary=True)

    assert mongo.check() != 0
    assert set(mongo.state["users"]) == {"admin"}


def test_a_member_that_is_no_primary_is_not_healthy(project: Project) -> None:
    mongo = Mongo(project, members={"_id": "rs0"}, primary=True)
    mongo.check()
    mongo.state["primary"] = False

    assert mongo.check() == 1
