//! A command to run after each file.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::interrupt::Interrupt;

/// Maximum time of the command.
const LIMIT: Duration = Duration::from_mins(5);

/// The prefix of variables that commands do not inherit: rollcall's settings, including secrets.
const OWN: &str = "ROLLCALL_";

/// Variables that a supervisor passes to the service only: the path of its credentials, and the channels to report
/// its state.
const OF_SERVICE: [&str; 4] = ["CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// A command: a program and its arguments. No shell is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The program.
    pub program: String,
    /// The arguments.
    pub arguments: Vec<String>,
}

impl Hook {
    /// Runs the command, with the file's result in its environment.
    pub(super) fn call(
        &self,
        name: &str,
        end: &str,
        run: &str,
        out: &Path,
        totals: &Value,
        interrupt: &Interrupt,
    ) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // So that processes that it starts end with it.
        command.process_group(0);
        for name in not_inherited(std::env::vars_os().map(|(name, _)| name)) {
            command.env_remove(name);
        }
        command.env("ROLLCALL_FILE", name).env("ROLLCALL_END", end).env("ROLLCALL_RUN", run);
        command.env("ROLLCALL_REPORTS", out);
        for (outcome, count) in totals.as_object().into_iter().flatten() {
            command.env(format!("ROLLCALL_{}", outcome.to_uppercase()), count.to_string());
        }
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.program))?;
        let begun = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(status.to_string()),
                Ok(None) if begun.elapsed() > LIMIT || interrupt.signal().is_some() => {
                    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                    _ = group.map(|group| kill_process_group(group, Signal::KILL));
                    _ = child.wait();
                    return Err("it exceeded 5 minutes, or the service ended".to_owned());
                }
                Ok(None) => thread::sleep(Interrupt::POLL_INTERVAL),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

/// Returns the variables to remove.
fn not_inherited(names: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with(OWN) || OF_SERVICE.contains(&&*name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_inherit_no_settings_or_secrets() {
        let names = [
            "PATH",
            "ROLLCALL_CLIENT_SECRET",
            "ROLLCALL_TOKEN_FILE",
            "NOTIFY_SOCKET",
            "CREDENTIALS_DIRECTORY",
            "LANG",
        ];
        let taken: Vec<OsString> = not_inherited(names.map(OsString::from).into_iter()).collect();
        assert_eq!(taken, names[1..5]);
    }

    #[test]
    fn ending_a_command_ends_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        // The child of the command holds a lock on a file while it is alive.
        let script = format!(
            "flock '{}' sh -c 'touch {}; sleep 600' & wait",
            alive.display(),
            folder.path().join("begun").display()
        );
        let hook = Hook { program: "/bin/sh".to_owned(), arguments: vec!["-c".to_owned(), script] };
        let interrupt = Interrupt::default();
        let ended = thread::scope(|scope| {
            let called =
                scope.spawn(|| hook.call("a.csv", "done", "run", folder.path(), &Value::Null, &interrupt));
            while !folder.path().join("begun").exists() {
                thread::yield_now();
            }
            interrupt.slot().store(15, std::sync::atomic::Ordering::Relaxed);
            called.join().unwrap()
        });
        assert!(ended.is_err());
        let lock = std::fs::File::options().write(true).open(&alive).unwrap();
        let begun = Instant::now();
        while lock.try_lock().is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "its child is still alive");
            thread::yield_now();
        }
    }
}
