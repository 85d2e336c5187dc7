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

new() { # new NAME TEXT [WORDS]: write a secret, whole or not at all, unless it is there;
        # with WORDS, what `openssl rand WORDS` makes stands after the text
  name=$1 secret=$2
  shift 2
  if [ ! -e "$folder/$name" ]; then
    if [ $# -gt 0 ]; then
      # What an openssl that fails has written may be short enough to be guessed.
      if ! random=$(openssl rand "$@") || [ ${#random} -lt 32 ]; then
        echo "$folder/$name could not be made: 'openssl rand $*' failed." >&2
        exit 1
      fi
      secret=$secret$(printf '%s' "$random" | tr -d '\n' | tr '+/' '-_')
    fi
    printf '%s\n' "$secret" > "$folder/.new"
    mv "$folder/.new" "$folder/$name"
  elif ! grep -q '[^[:space:]]' "$folder/$name"; then
    echo "$folder/$name is empty: write your secret into it, or delete it to have one made." >&2
    exit 1
  fi
  chmod 444 "$folder/$name"
}
text() { # text NAME: the text of a secret
  cat "$folder/$1"
}

new api_key_pepper "" -hex 32         # API keys are known again by it: it must stay the same
new sign_in_key "" -base64 32         # encrypts the tokens of signed-in people
new grafana_password "" -hex 32       # of Grafana's user `admin`, until it is changed there

new inference_key "" -hex 32          # what the API shows to the inference server,
new serving_keys "api:$(text inference_key)"    # which knows it by the name `api`; a line per key

new mongo_keyfile "" -hex 256         # members of the replica set show it
new mongo_admin_password "" -hex 32   # of MongoDB's user `admin`: backups, and other users
new mongo_password "" -hex 32         # of its user `moodline`, which has the database moodline alone
new store_url "mongodb://moodline:$(text mongo_password)@mongo:27017/moodline?replicaSet=rs0&authSource=admin"

new redis_conf "requirepass " -hex 32
redis_password=$(sed -n 's/^requirepass //p' "$folder/redis_conf")
if [ -z "$redis_password" ]; then
  echo "$folder/redis_conf has no password: it needs a line 'requirepass PASSWORD'." >&2
  exit 1
fi
new queue_url "redis://:$redis_password@redis:6379/0"
new redis_url "redis://:$redis_password@redis:6379/1"

# A certificate to try with. For a real name put yours, with its chain, and its key into these files.
if [ ! -e "$folder/tls_key" ] && [ ! -e "$folder/tls_certificate" ]; then
  if ! said=$(openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$folder/.new" -out "$folder/.new_certificate" 2>&1)
  then
    rm -f "$folder/.new" "$folder/.new_certificate"
    echo "$folder/tls_key and tls_certificate could not be made; openssl said:" >&2
    printf '%s\n' "$said" >&2
    exit 1
  fi
  mv "$folder/.new_certificate" "$folder/tls_certificate"
  mv "$folder/.new" "$folder/tls_key"
fi
for name in tls_key tls_certificate; do
  if [ ! -e "$folder/$name" ]; then
    echo "$folder/$name is missing, but the other of tls_key and tls_certificate is there: add" \
      "the one that belongs to it, or delete that one to have both made." >&2
    exit 1
  fi
done
chmod 444 "$folder/tls_key" "$folder/tls_certificate"

[ -e .env ] || cp .env.example .env
echo "Secrets are in $folder; settings are in .env. Keep copies of both in a safe place."
