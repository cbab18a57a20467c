//! A command that is run when a file has ended.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::interrupt::Interrupt;

/// How long the command may take.
const LIMIT: Duration = Duration::from_mins(5);

/// What no command gets to see.
const SECRETS: [&str; 2] = ["ROLLCALL_TOKEN", "ROLLCALL_CLIENT_SECRET"];

/// The command: a program and its arguments. No shell reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Hook {
    /// Runs the command, with what is known of the file in its environment.
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
        for secret in SECRETS {
            command.env_remove(secret);
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
                    _ = child.kill();
                    _ = child.wait();
                    return Err("it took too long, or the service ended".to_owned());
                }
                Ok(None) => thread::sleep(Interrupt::GLANCE),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}
