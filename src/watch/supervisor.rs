//! State notifications to systemd, if it started the service: ready, alive and ending.

use std::{thread, time::Duration};

use sd_notify::NotifyState;

use super::board::Board;
use crate::interrupt::Interrupt;

/// Reports that the service is ready, then regularly that it is alive. Does nothing without a supervisor.
pub(super) fn tell(board: Board, interrupt: Interrupt) {
    let folders = board.folders.len();
    let status = format!("watching {}", crate::quantity::counted(folders as u64, "folder"));
    _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let ping = (patience / 3).max(Duration::from_millis(100));
    thread::spawn(move || {
        while interrupt.signal().is_none() && !board.is_over() {
            if board.illness().is_none() {
                _ = sd_notify::notify(&[NotifyState::Watchdog]);
            }
            thread::sleep(ping);
        }
    });
}

/// Reports that the service is ending.
pub(super) fn tell_end() {
    _ = sd_notify::notify(&[NotifyState::Stopping]);
}
