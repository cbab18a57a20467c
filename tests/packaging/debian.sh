#!/usr/bin/env bash
# Builds the Debian package, installs it, checks what people use of it, and removes it again. Needs cargo-deb, and the rights to
# install packages.
#   tests/packaging/debian.sh [PROFILE]     dev (default) uses the program of the tests, release the optimized one
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=${1:-dev}
folder=debug
[ "$profile" = dev ] || folder=$profile
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)

fail() {
    echo "$*" >&2
    exit 1
}

cargo build --locked --profile "$profile"
rm -rf target/package
samples/deploy/package.sh "target/$folder/rollcall" target/package
# cargo-deb packages optimized programs only, so the program goes where one would be.
mkdir -p target/package/target/release
cp "target/$folder/rollcall" target/package/target/release/
CARGO_TARGET_DIR=target/package/target cargo deb --locked --no-build --fast --output target/package/
package=$(echo target/package/rollcall_*.deb)

# Small systems are set up to skip documentation.
"${sudo[@]}" dpkg --path-include='/usr/share/man/*' --path-include='/usr/share/doc/rollcall/*' --install "$package"
trap '"${sudo[@]}" dpkg --purge rollcall >/dev/null' EXIT
[ "$(command -v rollcall)" = /usr/bin/rollcall ] || fail "another rollcall comes first in PATH"
rollcall --version
getent passwd rollcall >/dev/null || fail "the service has no user"
for page in rollcall rollcall-import rollcall-runs-discard; do
    files=("/usr/share/man/man1/$page.1"*)
    [ -s "${files[0]}" ] || fail "no manual page $page"
done
grep -q '^ExecStart=/usr/bin/rollcall watch ' /usr/lib/systemd/system/rollcall-watch.service
systemd-analyze verify /usr/lib/systemd/system/rollcall-watch.service
# The file for bash registers the completion of the command.
bash -c 'source /usr/share/bash-completion/completions/rollcall && complete -p rollcall' >/dev/null
head -n 1 /usr/share/zsh/vendor-completions/_rollcall | grep -q '^#compdef rollcall'
grep -q 'complete .*rollcall' /usr/share/fish/vendor_completions.d/rollcall.fish
out=$(mktemp -d)
status=0
rollcall check /usr/share/doc/rollcall/samples/contacts.csv --out "$out/report" --quiet || status=$?
[ "$status" = 1 ] || fail "the sample ends with exit code $status"

trap - EXIT
"${sudo[@]}" dpkg --purge rollcall
left=$(find /usr/bin/rollcall /usr/lib/systemd/system/rollcall-watch.service /usr/share/doc/rollcall /usr/share/man/man1/rollcall* \
    /usr/share/bash-completion/completions/rollcall /usr/share/zsh/vendor-completions/_rollcall \
    /usr/share/fish/vendor_completions.d/rollcall.fish 2>/dev/null || true)
[ -z "$left" ] || fail "removing the package leaves $left"
rm -rf "$out"
echo "The package installs, works, and leaves none of its files behind: $(du -h "$package" | cut -f1)."
