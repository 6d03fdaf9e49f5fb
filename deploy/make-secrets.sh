#!/bin/sh
# Makes the passwords of compose.yaml's database and roles, once, in deploy/secrets (or the directory given). The directory
# is private to this user; the files in it can be read by any user, since that is how containers get to see them.
set -eu
directory=${1:-$(dirname "$0")/secrets}
host=${DATABASE_HOST:-database}
if [ -e "$directory" ]; then
  echo "$directory is there already: remove it first, and the database's volume with it" >&2
  exit 1
fi
mkdir -m 0700 "$directory"
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() {
  printf '%s\n' "$2" >"$directory/$1"
  chmod 0644 "$directory/$1"
}
write postgres-password "$(password)"
write owner-url "postgres://doorward_owner:$(password)@$host/doorward"
write application-url "postgres://doorward_app:$(password)@$host/doorward"
echo "written: $directory"
