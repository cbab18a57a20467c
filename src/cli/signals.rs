//! SIGINT and SIGTERM: from a certain point of a run on, its end has to be orderly.

use std::sync::{Arc, atomic::AtomicBool};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::error::signal_exit_code;
use crate::interrupt::Interrupt;

/// From now on, the first signal asks for the end and a second one ends the program at once. Before, where there is
/// nothing to put in order, a signal does what it does to any program.
pub(super) fn listen() -> Interrupt {
    let interrupt = Interrupt::default();
    for signal in [SIGINT, SIGTERM] {
        let is_second = Arc::new(AtomicBool::new(false));
        let code = i32::from(signal_exit_code(signal));
        // Where a handler cannot be set, the signal ends the program at once, as it would without any of this.
        _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&is_second));
        _ = signal_hook::flag::register(signal, is_second);
        if let Ok(number) = usize::try_from(signal) {
            _ = signal_hook::flag::register_usize(signal, interrupt.slot(), number);
        }
    }
    interrupt
}
