// Health check of MongoDB in docker-compose.yml, run by mongosh: ends with 0 where there is a primary.
//
// It also makes what a fresh MongoDB lacks: the replica set and the first user, which MongoDB lets a
// client on its own host make as long as there is no user, and then the user of the service.
const fs = require("fs");
const secret = (name) => fs.readFileSync(`/run/secrets/${name}`, "utf8").trim();
const admin = db.getSiblingDB("admin");

function signIn() {
  try {
    return admin.auth("admin", secret("mongo_admin_password")).ok === 1;
  } catch (error) {
    return false;
  }
}

function makeFirstUser() {
  try {
    rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] });
  } catch (error) {
    // It is there already, or there are users already; what follows says so.
  }
  if (!db.hello().isWritablePrimary) quit(1); // elected within seconds: a later check goes on
  admin.createUser({ user: "admin", pwd: secret("mongo_admin_password"), roles: ["root"] });
}

if (!signIn()) {
  makeFirstUser();
  if (!signIn()) quit(1);
}
if (admin.getUser("moodline") === null) {
  const roles = [{ role: "dbOwner", db: "moodline" }];
  admin.createUser({ user: "moodline", pwd: secret("mongo_password"), roles });
}
quit(rs.status().myState === 1 ? 0 : 1);
