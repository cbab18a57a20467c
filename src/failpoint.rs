//! Points at which a test can make the program fail or abort, and safeguards that a test can disable, in test builds
//! only.
//!
//! `ROLLCALL_FAIL_AT=7` makes the seventh point fail; `7!` aborts the process there. `ROLLCALL_WITHOUT=lock` disables
//! the safeguard of that name, to show that a test fails without it. `ROLLCALL_READER=memory` makes the child process
//! that reads workbooks exceed its memory limit. Other builds ignore these variables.

use std::{io, process::Command};

const READER: &str = "ROLLCALL_READER";

/// Marks a point before an operation that can fail.
///
/// # Errors
///
/// Returns an error if a test requests one here.
#[cfg(debug_assertions)]
pub(crate) fn reach(point: &str) -> io::Result<()> {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };

    static WANTED: OnceLock<Option<(u64, bool)>> = OnceLock::new();
    static REACHED: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("ROLLCALL_FAIL_AT").ok()?;
        let number = text.trim_end_matches('!').parse().ok()?;
        Some((number, text.ends_with('!')))
    });
    let Some((wanted, dies)) = *wanted else { return Ok(()) };
    if REACHED.fetch_add(1, Ordering::Relaxed) + 1 != wanted {
        return Ok(());
    }
    tracing::error!(point, "a test has this fail");
    if dies {
        std::process::abort();
    }
    Err(io::Error::other(format!("a test has this fail: {point}")))
}

/// Does nothing.
#[cfg(not(debug_assertions))]
#[expect(clippy::unnecessary_wraps, reason = "builds for tests fail here")]
pub(crate) const fn reach(_: &str) -> io::Result<()> {
    Ok(())
}

/// Returns whether a test disables this safeguard.
pub(crate) fn is_without(safeguard: &str) -> bool {
    cfg!(debug_assertions) && std::env::var("ROLLCALL_WITHOUT").is_ok_and(|without| without == safeguard)
}

/// Passes the request of a test on to the child process that reads workbooks.
pub(crate) fn tell_reader(command: &mut Command) {
    if cfg!(debug_assertions) {
        command.envs(std::env::var_os(READER).map(|wanted| (READER, wanted)));
    }
}

/// Exceeds the memory limit if a test requests it.
pub(crate) fn overuse() {
    if cfg!(debug_assertions) && std::env::var_os(READER).is_some_and(|wanted| wanted == "memory") {
        std::hint::black_box(vec![1_u8; 1200 << 20]);
    }
}
