//! Handlers for SIGINT, SIGTERM and SIGHUP, for the part of a run that must end cleanly.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::error::signal_exit_code;
use crate::interrupt::Interrupt;

/// Starts to handle signals: the first asks the run to end, the second ends the program at once. Before this call,
/// signals have their default effect.
pub(super) fn listen() -> Interrupt {
    listen_to(&[SIGINT, SIGTERM, SIGHUP])
}

/// Starts to handle signals for a service, which ignores the end of its terminal.
#[cfg(unix)]
pub(super) fn listen_but_reload() -> Interrupt {
    listen_to(&[SIGINT, SIGTERM])
}

/// Returns a flag that each SIGHUP sets, which tells a service to reload its settings.
#[cfg(unix)]
pub(super) fn reload() -> Arc<AtomicBool> {
    let reload = Arc::new(AtomicBool::new(false));
    // Without a handler, the signal ends the service, and its supervisor restarts it.
    _ = signal_hook::flag::register(SIGHUP, Arc::clone(&reload));
    reload
}

fn listen_to(signals: &[i32]) -> Interrupt {
    let interrupt = Interrupt::default();
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in signals.iter().copied().filter(|signal| !is_ignored(*signal)) {
        let code = i32::from(signal_exit_code(signal));
        // Without a handler, the signal ends the program at once, as by default.
        _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&is_second));
        _ = signal_hook::flag::register(signal, Arc::clone(&is_second));
        if let Ok(number) = usize::try_from(signal) {
            _ = signal_hook::flag::register_usize(signal, interrupt.slot(), number);
        }
    }
    interrupt
}

/// Returns whether the parent made this process ignore the signal, as `nohup` and `&` do. If that is unknown, only
/// SIGHUP counts as ignored.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.map_or(signal == SIGHUP, |mask| mask >> (signal - 1) & 1 == 1)
}
