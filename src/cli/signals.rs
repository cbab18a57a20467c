//! SIGINT, SIGTERM and SIGHUP: from a certain point of a run on, its end has to be orderly.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::error::signal_exit_code;
use crate::interrupt::Interrupt;

/// From now on, the first signal asks for the end and a second one ends the program at once. Before, where there is
/// nothing to put in order, a signal does what it does to any program.
pub(super) fn listen() -> Interrupt {
    listen_to(&[SIGINT, SIGTERM, SIGHUP])
}

/// The same for a service, which the end of a terminal does not end.
#[cfg(unix)]
pub(super) fn listen_but_reload() -> Interrupt {
    listen_to(&[SIGINT, SIGTERM])
}

/// Set each time that SIGHUP comes, with which a service is told to read its settings again.
#[cfg(unix)]
pub(super) fn reload() -> Arc<AtomicBool> {
    let reload = Arc::new(AtomicBool::new(false));
    // Where a handler cannot be set, the signal ends the service, and its supervisor starts it again.
    _ = signal_hook::flag::register(SIGHUP, Arc::clone(&reload));
    reload
}

fn listen_to(signals: &[i32]) -> Interrupt {
    let interrupt = Interrupt::default();
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in signals.iter().copied().filter(|signal| !is_ignored(*signal)) {
        let code = i32::from(signal_exit_code(signal));
        // Where a handler cannot be set, the signal ends the program at once, as it would without any of this.
        _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&is_second));
        _ = signal_hook::flag::register(signal, Arc::clone(&is_second));
        if let Ok(number) = usize::try_from(signal) {
            _ = signal_hook::flag::register_usize(signal, interrupt.slot(), number);
        }
    }
    interrupt
}

/// Whether whoever started the program wants it to outlive this signal, as `nohup` and `&` do. Where that cannot be told,
/// only the end of the terminal is taken to be ignored.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.map_or(signal == SIGHUP, |mask| mask >> (signal - 1) & 1 == 1)
}
