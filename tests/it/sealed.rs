//! A sealed environment for the built program: its own home, folder and variables, and nothing from this machine.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The path of the user's settings file, relative to the folder in which the program runs.
pub(crate) const USERS_FILE: &str = "../.config/rollcall/rollcall.toml";

/// The sealed environment of one test.
pub(crate) struct Sealed {
    home: tempfile::TempDir,
}

/// The output and exit code of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sealed {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("work")).unwrap();
        fs::create_dir_all(home.path().join("tmp")).unwrap();
        Self { home }
    }

    /// Returns the path of a file in the folder in which the program runs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("work").join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Copies the sample files to the paths that the README uses.
    pub(crate) fn with_samples(self) -> Self {
        for file in fs::read_dir(samples()).unwrap() {
            let file = file.unwrap().path();
            if file.is_dir() {
                continue;
            }
            self.write(&format!("samples/{}", file.file_name().unwrap().display()), fs::read(&file).unwrap());
        }
        self
    }

    /// Returns the program, not yet started. It may write to a folder that an earlier command of the test used.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let out = args.iter().position(|arg| *arg == "--out").and_then(|at| args.get(at + 1));
        let is_filled = out.is_some_and(|out| self.path(out).join("report.json").exists());
        let mut command = self.exact_command(args);
        if is_filled && matches!(args.first(), Some(&("check" | "import"))) {
            command.arg("--overwrite");
        }
        command
    }

    /// Returns the program with exactly these arguments.
    pub(crate) fn exact_command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.home.path())
            .env("TMPDIR", self.home.path().join("tmp"))
            // Reading the machine's certificates takes longer than the rest of a short run.
            .env("SSL_CERT_FILE", authority())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(self.command(args))
    }

    /// Runs the program with text on its standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ended {
        let file = self.write(".stdin", input);
        let mut command = self.command(args);
        command.stdin(fs::File::open(file).unwrap());
        ended(command)
    }

    /// Returns the user's home, which contains the journal.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the text of a file in the folder of a run.
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        String::from_utf8_lossy(
            &fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
        .into_owned()
    }

    /// Returns `report.json` of a run's folder.
    pub(crate) fn report(&self, folder: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(&format!("{folder}/report.json"))).unwrap()
    }

    /// Returns the rows of `outcomes.csv`.
    pub(crate) fn outcomes(&self, folder: &str) -> Vec<Outcome> {
        let text = self.read(&format!("{folder}/outcomes.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    /// Returns the names of all files in the folder and its subfolders.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(self.path("")).unwrap().display().to_string());
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

/// A line of `outcomes.csv`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) row: u64,
    pub(crate) outcome: String,
    pub(crate) code: String,
    pub(crate) number: String,
    pub(crate) detail: String,
}

impl Outcome {
    /// Returns row, outcome and code in short form.
    pub(crate) fn brief(&self) -> String {
        format!("{} {} {}", self.row, self.outcome, self.code).trim_end().to_owned()
    }
}

/// Returns the program with default signal handling. If a script runs the tests in the background, SIGINT is ignored,
/// and child processes would inherit that.
fn program() -> Command {
    let program = assert_cmd::cargo::cargo_bin!("rollcall");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // SIGHUP, SIGINT and SIGTERM.
    if ignored & 0x4003 == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/env");
    command.arg("--default-signal=HUP,INT,TERM").arg(program);
    command
}

/// Returns the path with which the tests start the program.
pub(crate) fn program_path() -> String {
    assert_cmd::cargo::cargo_bin!("rollcall").display().to_string()
}

/// Runs a command to its end.
pub(crate) fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Returns the folder of the sample files.
pub(crate) fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Returns an invented certificate that replaces the ones the machine trusts.
fn authority() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/authority.pem")
}

/// Returns the folder of workbooks that other programs wrote.
pub(crate) fn producers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/producers")
}

/// A child process. Dropping the value ends it by its id.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// The lines that it printed when it was ready.
    pub(crate) printed: String,
}

impl Running {
    /// Starts a sandbox and waits until it prints its address.
    pub(crate) fn sandbox(sealed: &Sealed, args: &[&str]) -> Self {
        let args: Vec<&str> = ["sandbox", "-q"].into_iter().chain(args.iter().copied()).collect();
        Self::started(sealed.command(&args))
    }

    /// Waits until a sandbox prints its address.
    pub(crate) fn started(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        // The token is the last line.
        while !printed.contains("# a token") {
            if lines.read_line(&mut printed).unwrap() == 0 {
                let mut stderr = String::new();
                child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
                panic!("the sandbox ended: {stderr}");
            }
        }
        Self { child, printed }
    }

    /// Returns the value that the sandbox printed for this variable.
    pub(crate) fn variable(&self, name: &str) -> String {
        let line = self.printed.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
        line.unwrap().to_owned()
    }

    /// Sets the environment that the sandbox printed.
    pub(crate) fn point(&self, command: &mut Command) {
        for line in self.printed.lines().filter_map(|line| line.strip_prefix("export ")) {
            let (name, value) = line.split_once('=').unwrap();
            command.env(name, value);
        }
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Returns the filters for text that changes between runs.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\d{8}T\d{6}Z-[0-9a-f]{4}", "RUN"),
        (r"id [0-9a-f]{24}", "id ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    ]
}

/// Asserts a snapshot without the text that changes between runs.
macro_rules! assert_same {
    ($($args:tt)*) => {
        insta::with_settings!({filters => crate::sealed::filters(), omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!($($args)*);
        })
    };
}
pub(crate) use assert_same;
