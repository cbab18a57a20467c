//! The answers of `rollcall init`: from options, the present file and the user.

use std::path::{Path, PathBuf, absolute};

use secrecy::SecretString;

use super::{
    dialog::{Check, Dialog, Question, Stop},
    text::Entry,
};
use crate::cli::{
    args::{InitArgs, PlatformOptions, ReadingOptions},
    config::ConfigFiles,
    error::CliError,
    settings::{self, ReadingSettings},
};

const HOST: Question = Question {
    text: "Address of the platform:",
    help: "The first part of the console's address in your browser, such as https://platform.kore.ai",
};
const STREAM: Question = Question {
    text: "Stream id:",
    help: "In the console, on the page App Settings of the bot: the bot id, such as st-…",
};
const ACCOUNT: Question = Question {
    text: "Account id:",
    help: "The id that API requests send as accountId; an administrator of the account finds it in the admin console",
};
const CLIENT: Question = Question {
    text: "Client id:",
    help: "In the console, below APIs & Extensions, Manage Apps: the client id of an app with the scope Configuration",
};
const PLACE: Question = Question {
    text: "Where is the client secret of this app?",
    help: "The console shows it next to the client id",
};
const SECRET: Question = Question {
    text: "Client secret:",
    help: "It is not shown, and does not become part of the settings file",
};
const FILE: Question =
    Question { text: "File with the client secret:", help: "Only you, or root, may be able to read it" };
const REGION: Question = Question {
    text: "Region of numbers without a country code:",
    help: "Such as IN, UK, Germany or +49; leave it empty if all numbers begin with +",
};
const SALUTATION: Question = Question {
    text: "Salutation for rows without one:",
    help: "Mr, Mrs, Ms, Miss, Mx, Dr or Prof; leave it empty to reject such rows",
};

/// The answers to [`PLACE`].
const PLACES: [&str; 3] = [
    "I type it now, and rollcall keeps it in a file that only I can read",
    "In a file, such as a mounted secret",
    "In the environment variable ROLLCALL_CLIENT_SECRET",
];

/// The place of a secret.
#[derive(Clone, Debug)]
pub(super) enum Secret {
    Unknown,
    Typed(SecretString),
    File(PathBuf),
    Environment,
    /// A file with a ready token, instead of an app's secret.
    Token(PathBuf),
}

/// All answers; an empty text is no answer.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) host: String,
    pub(super) stream_id: String,
    pub(super) account_id: String,
    pub(super) client_id: String,
    pub(super) secret: Secret,
    pub(super) region: String,
    pub(super) default_salutation: String,
}

impl Answers {
    /// Returns the answers that the options give, else those of the present file.
    pub(super) fn new(args: &InitArgs, config: Option<&ConfigFiles>) -> Result<Self, CliError> {
        let none = ConfigFiles::default();
        let config = config.unwrap_or(&none);
        let known: PlatformOptions = config.under(&PlatformOptions::default())?;
        let reading: ReadingOptions = config.under(&ReadingOptions::default())?;
        let first = |given: &Option<String>, known: Option<String>| {
            let given = given.as_deref().map(str::trim).filter(|given| !given.is_empty());
            given.map(str::to_owned).or(known).unwrap_or_default()
        };
        let whole = |path: &PathBuf| absolute(path).unwrap_or_else(|_| path.clone());
        let has_variable =
            std::env::var("ROLLCALL_CLIENT_SECRET").is_ok_and(|secret| !secret.trim().is_empty());
        let host = first(&args.host, known.host.clone());
        let is_present = |host: &str| known.host.as_deref().is_none_or(|known| is_same_host(known, host));
        let secret = match (&args.client_secret_file, &args.token_file) {
            (Some(_), Some(_)) => {
                return Err(CliError::usage(
                    "--client-secret-file and --token-file cannot be used together",
                    "Keep one of them.",
                ));
            }
            (Some(file), None) => Secret::File(whole(file)),
            (None, Some(file)) => Secret::Token(whole(file)),
            (None, None) => match (known.client_secret_file, known.token_file) {
                // The present secret belongs to the present host.
                (Some(file), _) if is_present(&host) => Secret::File(file),
                (None, Some(file)) if is_present(&host) => Secret::Token(file),
                _ if has_variable => Secret::Environment,
                _ => Secret::Unknown,
            },
        };
        Ok(Self {
            host,
            stream_id: first(&args.stream_id, known.stream_id),
            account_id: first(&args.account_id, known.account_id),
            client_id: first(&args.client_id, known.client_id),
            secret,
            region: first(&args.region, reading.region),
            default_salutation: first(&args.default_salutation, reading.default_salutation),
        })
    }

    /// Checks that no answer is missing or invalid.
    pub(super) fn complete(self) -> Result<Self, CliError> {
        let needs_app = !matches!(self.secret, Secret::Token(_));
        let missing: Vec<&str> = [
            (self.host.is_empty(), "--host"),
            (self.stream_id.is_empty(), "--stream-id"),
            (self.account_id.is_empty(), "--account-id"),
            (needs_app && self.client_id.is_empty(), "--client-id"),
            (matches!(self.secret, Secret::Unknown), "--client-secret-file (or ROLLCALL_CLIENT_SECRET)"),
        ]
        .into_iter()
        .filter_map(|(is_missing, name)| is_missing.then_some(name))
        .collect();
        if !missing.is_empty() {
            return Err(CliError::usage(
                format!("answers are missing: {}", missing.join(", ")),
                "Add these options, or run `rollcall init` in a terminal without --yes.",
            ));
        }
        check_host(&self.host)?;
        settings::id("--stream-id", &self.stream_id)?;
        settings::id("--account-id", &self.account_id)?;
        check_region(&self.region)?;
        check_salutation(&self.default_salutation)?;
        Ok(self)
    }

    /// Asks the user. The present answers can be confirmed or changed.
    pub(super) fn ask(mut self, dialog: &mut dyn Dialog) -> Result<Self, Stop> {
        let host = dialog.text(HOST, &self.host, check_host)?;
        if !self.host.is_empty() && !is_same_host(&self.host, &host) {
            // The known secret belongs to the known host.
            self.secret = Secret::Unknown;
        }
        self.host = host;
        self.stream_id = dialog.text(STREAM, &self.stream_id, check_id)?;
        self.account_id = dialog.text(ACCOUNT, &self.account_id, check_id)?;
        if !matches!(self.secret, Secret::Token(_)) {
            self.client_id = dialog.text(CLIENT, &self.client_id, check_id)?;
            self.secret = match dialog.choice(PLACE, &PLACES)? {
                0 => Secret::Typed(dialog.secret(SECRET)?.into()),
                1 => {
                    let known =
                        if let Secret::File(file) = &self.secret { file.as_path() } else { Path::new("") };
                    let file = dialog.text(FILE, &known.to_string_lossy(), check_file)?;
                    Secret::File(absolute(&file).unwrap_or_else(|_| file.into()))
                }
                _ => Secret::Environment,
            };
        }
        self.region = dialog.text(REGION, &self.region, check_region)?;
        self.default_salutation = dialog.text(SALUTATION, &self.default_salutation, check_salutation)?;
        Ok(self)
    }

    /// Returns the options of the settings file, in its folder. `typed` is the file for a typed secret.
    pub(super) fn entries(&self, folder: &Path, typed: &Path) -> Vec<Entry> {
        let set = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        let relative = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        let (client_id, secret_file, token_file) = match &self.secret {
            Secret::Token(file) => (None, None, Some(relative(file))),
            Secret::File(file) => (set(&self.client_id), Some(relative(file)), None),
            Secret::Typed(_) => (set(&self.client_id), Some(relative(typed)), None),
            Secret::Environment | Secret::Unknown => (set(&self.client_id), None, None),
        };
        let entry = |name, comment, value, example| Entry { name, comment, value, example };
        vec![
            // The user wants an account.
            entry("sandbox", "", None, None),
            entry("host", "The platform's address.", set(&self.host), None),
            entry("stream-id", "The stream (bot) that the contacts belong to.", set(&self.stream_id), None),
            entry("account-id", "The account.", set(&self.account_id), None),
            entry("token-file", "The file with a ready token.", token_file, None),
            entry("client-id", "The app that issues tokens.", client_id, None),
            entry(
                "client-secret-file",
                "The file with the app's secret, which only you may read; without it, ROLLCALL_CLIENT_SECRET contains the secret.",
                secret_file,
                matches!(self.secret, Secret::Environment).then_some("secret"),
            ),
            entry("region", "The region of numbers without a country code.", set(&self.region), Some("IN")),
            entry(
                "default-salutation",
                "The salutation for rows without one.",
                set(&self.default_salutation),
                Some("Mx"),
            ),
        ]
    }
}

fn is_same_host(one: &str, other: &str) -> bool {
    let host = |text: &str| settings::host(text).map(|host| host.to_string());
    matches!((host(one), host(other)), (Ok(one), Ok(other)) if one == other)
}

fn check_host(text: &str) -> Result<(), CliError> {
    if text.is_empty() {
        return Err(CliError::usage("the address is empty", "Enter the address."));
    }
    settings::host(text).map(|_| ())
}

fn check_id(text: &str) -> Result<(), CliError> {
    if text.is_empty() {
        return Err(CliError::usage("the id is empty", "Enter the id."));
    }
    settings::id("the id", text)
}

fn check_file(text: &str) -> Result<(), CliError> {
    settings::check_secret_file(Path::new(text))
}

fn check_region(text: &str) -> Result<(), CliError> {
    if text.is_empty() { Ok(()) } else { settings::region(text).map(|_| ()) }
}

fn check_salutation(text: &str) -> Result<(), CliError> {
    let default_salutation = Some(text.to_owned()).filter(|text| !text.is_empty());
    ReadingSettings::new(ReadingOptions { default_salutation, ..ReadingOptions::default() }).map(|_| ())
}

/// The checks must have the type that a dialog takes.
const _: [Check; 5] = [check_host, check_id, check_file, check_region, check_salutation];
