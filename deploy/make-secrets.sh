#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each in a file of its own, and .env from
# .env.example. What is there already stays as it is: delete a file to have it made anew.
# Usage: deploy/make-secrets.sh [folder]     (deploy/secrets)
#
# The folder is closed to other users of this machine; the files are not, because the services run
# as users of their own inside the containers, and see only the files that they are given.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-deploy/secrets}
if ! command -v openssl > /dev/null; then
  echo "deploy/make-secrets.sh needs openssl, which makes the secrets: install it first." >&2
  exit 1
fi
mkdir -p "$folder"
chmod 700 "$folder"

new() { # new NAME TEXT: write a secret, whole or not at all, unless it is there
  if [ ! -e "$folder/$1" ]; then
    # Of these none is shorter; what is was made while openssl failed.
    [ ${#2} -ge 32 ] || { echo "$folder/$1 could not be made." >&2; exit 1; }
    printf '%s\n' "$2" > "$folder/.new"
    mv "$folder/.new" "$folder/$1"
  elif ! grep -q '[^[:space:]]' "$folder/$1"; then
    echo "$folder/$1 is empty: write your secret into it, or delete it to have one made." >&2
    exit 1
  fi
  chmod 444 "$folder/$1"
}
text() { # text NAME: the text of a secret
  cat "$folder/$1"
}
random() { openssl rand -hex 32; }

new api_key_pepper "$(random)"        # API keys are known again by it: it must stay the same
new sign_in_key "$(openssl rand -base64 32 | tr '+/' '-_')"   # encrypts the tokens of signed-in people
new grafana_password "$(random)"      # of Grafana's user `admin`, until it is changed there

new inference_key "$(random)"         # what the API shows to the inference server,
new serving_keys "api:$(text inference_key)"    # which knows it by the name `api`; a line per key

new mongo_keyfile "$(openssl rand -base64 512 | tr -d '\n')"  # members of the replica set show it
new mongo_admin_password "$(random)"  # of MongoDB's user `admin`: backups, and other users
new mongo_password "$(random)"        # of its user `moodline`, which has the database moodline alone
new store_url "mongodb://moodline:$(text mongo_password)@mongo:27017/moodline?replicaSet=rs0&authSource=admin"

new redis_conf "requirepass $(random)"
redis_password=$(sed -n 's/^requirepass //p' "$folder/redis_conf")
if [ -z "$redis_password" ]; then
  echo "$folder/redis_conf has no password: it needs a line 'requirepass PASSWORD'." >&2
  exit 1
fi
new queue_url "redis://:$redis_password@redis:6379/0"
new redis_url "redis://:$redis_password@redis:6379/1"

# A certificate to try with. For a real name put yours, with its chain, and its key into these files.
if [ ! -e "$folder/tls_key" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$folder/tls_key" -out "$folder/tls_certificate" 2>/dev/null
fi
chmod 444 "$folder/tls_key" "$folder/tls_certificate"

[ -e .env ] || cp .env.example .env
echo "Secrets are in $folder; settings are in .env. Keep copies of both in a safe place."
