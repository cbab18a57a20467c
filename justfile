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

# Manual pages and completions, as packages contain them
extras OUT="target/extras":
    cargo run --locked -- man --out {{OUT}}/man
    mkdir -p {{OUT}}/completions
    for shell in bash zsh fish; do cargo run --locked -- completions $shell > {{OUT}}/completions/rollcall.$shell; done

# Benchmarks of the stages
bench:
    cargo bench --locked
