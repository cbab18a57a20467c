#!/bin/sh
# Writes what a package contains besides the program: manual pages, completions, and the unit for systemd with the path of the
# packaged program.
#   samples/deploy/package.sh PROGRAM FOLDER
set -eu
program=$1
folder=$2
mkdir -p "$folder/completions"
"$program" man --out "$folder/man"
for shell in bash zsh fish powershell; do
    "$program" completions "$shell" >"$folder/completions/rollcall.$shell"
done
sed 's|/usr/local/bin|/usr/bin|; s|Copy this file to /etc/systemd/system, then:|To start it:|' "$(dirname "$0")/rollcall-watch.service" \
    >"$folder/rollcall-watch.service"
