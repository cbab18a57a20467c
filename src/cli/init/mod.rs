//! `rollcall init`: asks for the settings of an account, checks them, and writes the settings file.
//!
//! It changes only the options that it asks for, and never writes a secret into the settings file.

mod answers;
mod dialog;
mod text;

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anstream::AutoStream;
use secrecy::ExposeSecret as _;
use tempfile::NamedTempFile;

use self::{
    answers::{Answers, Secret},
    dialog::{Dialog, Stop, Terminal},
    text::Entry,
};
use super::{
    args::InitArgs,
    config::{ConfigFiles, Given, user_file},
    doctor,
    error::{CliError, exit},
    printer::Printer,
};
use crate::{private_file::make_folder, report::terminal::printable};

/// The name of the file for a secret, next to the settings file.
const SECRET_FILE: &str = "secret";

/// Asks, checks and writes. `named` is the file to write instead of the one in the config folder.
///
/// # Errors
///
/// Returns an error if an answer is missing or invalid, or if the file cannot be read or written.
pub(super) fn run(
    args: &InitArgs,
    named: Option<&Path>,
    profile: Option<&str>,
    printer: &Printer,
) -> Result<u8, CliError> {
    if let Some(profile) = profile.filter(|name| !name.trim().is_empty()) {
        return Err(CliError::usage(
            format!("init does not write profiles, but `{}` is selected", printable(profile)),
            "Omit --profile and ROLLCALL_PROFILE. Add the table of the profile to the file yourself.",
        ));
    }
    if !args.yes && !Terminal::is_there() {
        return Err(CliError::usage(
            "init asks questions, but standard input is not a terminal",
            "Run it in a terminal, or give the answers as options: rollcall init --yes --host URL --stream-id ID --account-id \
             ID --client-id ID --client-secret-file FILE",
        ));
    }
    let target = Target::new(named)?;
    let known = Answers::new(args, target.config.as_ref())?;
    let asked = if args.yes { known.complete().map(Ok) } else { Ok(known.ask(&mut Terminal)) };
    let answers = match asked? {
        Ok(answers) => answers,
        Err(stop) => return stop.ended(),
    };
    let findings =
        |candidate: &ConfigFiles, names: &[(PathBuf, PathBuf)]| doctor::report(candidate, names, printer);
    let checked = if args.no_check { None } else { Some(target.check(&answers, findings)?) };
    if let Some((text, _)) = &checked {
        // A closed pipe is not an error.
        _ = AutoStream::auto(io::stdout()).write_all(text.as_bytes());
    }
    let code = checked.map_or(exit::OK, |(_, code)| code);
    let terminal: &mut dyn Dialog = &mut Terminal;
    match target.save(&answers, code, (!args.yes).then_some(terminal)) {
        Ok(saved) => {
            printer.say(&printable_lines(&saved?));
            Ok(exit::OK)
        }
        Err(Unsaved::Stopped(stop)) => stop.ended(),
        Err(Unsaved::Declined) => {
            printer.say("Nothing was written.\n");
            Ok(code)
        }
        Err(Unsaved::Unfit) => {
            printer.say("Nothing was written, because the settings do not work yet. --no-check writes them without a check.\n");
            Ok(code)
        }
    }
}

fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

/// The reason why nothing was written.
#[derive(Debug, PartialEq, Eq)]
enum Unsaved {
    Stopped(Stop),
    Declined,
    /// The checks failed, and nobody can be asked.
    Unfit,
}

impl From<Stop> for Unsaved {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

/// The settings file to write.
struct Target {
    path: PathBuf,
    folder: PathBuf,
    /// The present text, if there is a file.
    old: Option<String>,
    config: Option<ConfigFiles>,
}

impl Target {
    fn new(named: Option<&Path>) -> Result<Self, CliError> {
        let path = named.map(Path::to_owned).or_else(user_file).ok_or_else(|| {
            CliError::usage(
                "no config folder: the user has no home folder",
                "Name the file to write with --config.",
            )
        })?;
        // A link to a file elsewhere stays a link.
        let path = path.canonicalize().unwrap_or(path);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let config =
            path.exists().then(|| ConfigFiles::load(Some(&path), None, Given::default())).transpose()?;
        let old = config.as_ref().map(|_| fs::read_to_string(&path)).transpose();
        let old = old.map_err(|error| cannot_write(&path, &error))?;
        // Before the first question.
        make_folder(&folder)
            .and_then(|()| temporary(&folder))
            .map_err(|error| cannot_write(&path, &error))?;
        Ok(Self { path, folder, old, config })
    }

    fn secret_path(&self) -> PathBuf {
        self.folder.join(SECRET_FILE)
    }

    /// Returns the text of the file with these entries.
    fn text(&self, entries: &[Entry]) -> String {
        let edited = self.old.as_deref().and_then(|old| text::edited(old, entries));
        edited.unwrap_or_else(|| text::new(entries))
    }

    /// Checks the answers as `doctor` does, from temporary files.
    fn check<T>(
        &self,
        answers: &Answers,
        examine: impl FnOnce(&ConfigFiles, &[(PathBuf, PathBuf)]) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let fail = |error: io::Error| cannot_write(&self.path, &error);
        let secret = answers.typed_secret().map(|secret| self.written(secret)).transpose().map_err(fail)?;
        let secret_path = secret.as_ref().map_or(Path::new(""), NamedTempFile::path);
        let text = self.text(&answers.entries(&self.folder, secret_path));
        let candidate = self.written(&text).map_err(fail)?;
        let mut config = ConfigFiles::load(Some(candidate.path()), None, Given::default())?;
        if !matches!(answers.secret, Secret::Environment) {
            // They are not part of the settings.
            config = config.without_secrets_of_environment();
        }
        let mut names = vec![(candidate.path().to_owned(), self.path.clone())];
        names.extend(secret.as_ref().map(|secret| (secret.path().to_owned(), self.secret_path())));
        examine(&config, &names)
    }

    /// Asks whether to write, if there is a `dialog`, and writes. Returns a text about the files.
    fn save(
        &self,
        answers: &Answers,
        code: u8,
        mut dialog: Option<&mut dyn Dialog>,
    ) -> Result<Result<String, CliError>, Unsaved> {
        if code != exit::OK {
            let Some(dialog) = &mut dialog else { return Err(Unsaved::Unfit) };
            if !dialog.confirm("Some checks failed. Keep these settings anyway?")? {
                return Err(Unsaved::Declined);
            }
        }
        let secret_path = self.secret_path();
        let text = self.text(&answers.entries(&self.folder, &secret_path));
        let changes = self.old.as_deref().map(|old| text::changes(old, &text)).unwrap_or_default();
        let replaces_secret = answers.typed_secret().is_some() && secret_path.exists();
        // Writing to a string cannot fail.
        let mut notice = String::new();
        if !changes.is_empty() {
            _ = write!(notice, "{} changes:\n{changes}", self.path.display());
        }
        if replaces_secret {
            _ = writeln!(notice, "{} is replaced.", secret_path.display());
        }
        if let Some(dialog) = &mut dialog
            && !notice.is_empty()
        {
            dialog.say(&printable_lines(&notice));
            if !dialog.confirm("Write these changes?")? {
                return Err(Unsaved::Declined);
            }
        }
        Ok(self
            .write(answers, &text)
            .map(|written| if dialog.is_some() { written } else { notice + &written }))
    }

    fn write(&self, answers: &Answers, text: &str) -> Result<String, CliError> {
        let mut said = String::new();
        if let Some(secret) = answers.typed_secret() {
            let path = self.secret_path();
            let written = self.written(secret).and_then(|file| Ok(file.persist(&path)?));
            written.map_err(|error| cannot_write(&path, &error))?;
            _ = writeln!(said, "secret: {} (only you can read it)", path.display());
        }
        if self.old.as_deref() == Some(text) {
            return Ok(said + &format!("settings: {} (unchanged)\n", self.path.display()));
        }
        let written = self.written(text).and_then(|file| {
            if let Ok(found) = fs::metadata(&self.path) {
                file.as_file().set_permissions(found.permissions())?;
            }
            Ok(file.persist(&self.path)?)
        });
        written.map_err(|error| cannot_write(&self.path, &error))?;
        Ok(said + &format!("settings: {}\n", self.path.display()))
    }

    /// Writes a temporary file that only the user can read.
    fn written(&self, text: &str) -> io::Result<NamedTempFile> {
        let mut file = temporary(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".rollcall-").tempfile_in(folder)
}

fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(
        format!("cannot write {}: {error}", path.display()),
        "Make its folder writable, or name another file to write with --config.",
    )
}

impl Answers {
    fn typed_secret(&self) -> Option<&str> {
        if let Secret::Typed(secret) = &self.secret { Some(secret.expose_secret()) } else { None }
    }
}

#[cfg(test)]
mod tests;
