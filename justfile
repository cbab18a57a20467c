# The daily commands. `just` lists them.

# List the commands
default:
    @just --list

# Format, lint and test, as a change must pass
check:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo test --locked

# Everything that has to pass: also documentation, dependencies, the report in a browser and in spreadsheet programs
ci:
    .ci/run

# Build the program as it is released
release:
    cargo build --release --locked

# The documentation of the library, with private items
doc:
    cargo doc --locked --no-deps --document-private-items --open

# Import the sample into a local platform
try *ARGS:
    cargo run --release --locked -- import samples/contacts.csv --sandbox {{ARGS}}

# The package for Debian and Ubuntu, in target/package
deb: release
    samples/deploy/package.sh target/release/rollcall target/package
    cargo deb --locked --no-build --output target/package/

# A static program for Linux, which needs musl-gcc (Debian package musl-tools)
static:
    rustup target add x86_64-unknown-linux-musl
    cargo build --release --locked --target x86_64-unknown-linux-musl

# Benchmarks of the stages
bench:
    cargo bench --locked

# The tables in the docs that repeat the code
docs:
    ROLLCALL_WRITE_DOCS=1 cargo test --locked --lib reference
