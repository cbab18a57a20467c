//! Follows the tutorial and the how-to pages: runs every command of a page, in order, in one folder, and compares what
//! it prints with the page.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    docs::filtered,
    rejected::{edited, part},
    sealed::{Ended, Running, Sealed, USERS_FILE, ended, program_path},
};

/// People whom no sample contains.
const PEOPLE: &str =
    "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\nTom,May,Mr,+919876543213\n";

/// A part of a page that its reader acts on.
enum Step<'p> {
    /// A code block with the words after its fence.
    Block { info: &'p str, text: &'p str },
    /// A row of a table that says what to change in `rejected.xlsx`.
    Change { old: &'p str, new: &'p str },
    /// A row to delete in `rejected.xlsx`.
    Delete { name: &'p str },
}

/// Returns the steps of a page in order.
fn steps(page: &str) -> Vec<Step<'_>> {
    let step = regex::Regex::new(
        r"(?ms)^```(?<info>[^\n]*)\n(?<text>.*?)\n```$|^\| [^|\n]+ \| `(?<old>[^`\n]+)` \| `(?<new>[^`\n]+)` \|$|(?<name>\w+ \w+), so delete her row",
    );
    let steps = step.unwrap();
    let step = |found: regex::Captures<'_>| -> Step<'_> {
        let text = |name: &str| found.name(name).map(|part| &page[part.range()]);
        match (text("info"), text("text"), text("old"), text("new"), text("name")) {
            (Some(info), Some(text), ..) => Step::Block { info, text },
            (.., Some(old), Some(new), _) => Step::Change { old, new },
            (.., name) => Step::Delete { name: name.unwrap() },
        }
    };
    steps.captures_iter(page).map(step).collect()
}

/// A person who follows a page.
struct Reader {
    page: String,
    sealed: Sealed,
    sandbox: Option<Running>,
    /// The number of commands that were run.
    commands: usize,
}

impl Reader {
    fn new(page: &str) -> Self {
        let sealed = Sealed::new().with_samples();
        sealed.write("leads.csv", PEOPLE);
        sealed.write("lists/leads.csv", PEOPLE);
        sealed.write("drop/new.csv", PEOPLE);
        sealed.write("on-it.csv", "phoneNumber\n+919876543212\n");
        Self { page: page.to_owned(), sealed, sandbox: None, commands: 0 }
    }

    /// Starts a sandbox before the first command, for a page whose reader has an account.
    fn with_account(mut self) -> Self {
        let lists = ["--list", "cl-1=on-it.csv", "--campaign", "cm-1=on-it.csv"];
        self.sandbox = Some(Running::sandbox(&self.sealed, &lists));
        self
    }

    /// Follows the page to its end. Returns the number of commands.
    fn follow(mut self) -> usize {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(&self.page);
        let page = fs::read_to_string(path).unwrap();
        for step in steps(&page) {
            match step {
                Step::Block { info: "console", text } => self.compare(text),
                Step::Block { info: "sh", text } => text.lines().for_each(|line| self.run_and_expect(line)),
                Step::Block { info: "crontab", text } => text.lines().for_each(|line| self.run_job(line)),
                Step::Block { info: "toml", text } => _ = self.sealed.write(USERS_FILE, text),
                Step::Block { info: "text", text } if text.starts_with("$ ") => self.compare_dialog(text),
                // Files, or output that depends on the time.
                // `tests/spark` runs the functions.
                Step::Block { info: "text" | "csv" | "python", .. } => {}
                Step::Block { info, text } => {
                    let name = info.strip_prefix("toml ").unwrap_or_else(|| panic!("{}: {info}", self.page));
                    self.sealed.write(name, text);
                }
                Step::Change { old, new } => {
                    let cell = |text: &str| format!("<t>{text}</t>");
                    self.edit(&cell(old), &cell(new));
                }
                Step::Delete { name } => {
                    let sheet = part(&self.sealed, REJECTED, "xl/worksheets/sheet2.xml").unwrap();
                    let at = sheet.find(name).unwrap();
                    let start = sheet[..at].rfind("<row ").unwrap();
                    let end = at + sheet[at..].find("</row>").unwrap() + "</row>".len();
                    self.edit(&sheet[start..end], "");
                }
            }
        }
        self.commands
    }

    /// Replaces a text in `rejected.xlsx`, as a spreadsheet program would.
    fn edit(&self, old: &str, new: &str) {
        let sheet = part(&self.sealed, REJECTED, "xl/worksheets/sheet2.xml").unwrap();
        assert!(sheet.contains(old), "{}: {old}: {sheet}", self.page);
        edited(&self.sealed, REJECTED, "edited.xlsx", &[(old, new)]);
        fs::rename(self.sealed.path("edited.xlsx"), self.sealed.path(REJECTED)).unwrap();
    }

    /// Runs the commands of a `console` block and compares their output.
    fn compare(&mut self, block: &str) {
        let commands = format!("\n{block}");
        for command in commands.split("\n$ ").skip(1) {
            let (command, expected) = command.split_once('\n').unwrap_or((command, ""));
            let (shown, is_error) = if command == "rollcall sandbox" {
                (self.start_sandbox(), false)
            } else {
                let ended = self.run(command);
                (ended.stdout, ended.code > 1)
            };
            let shown = self.plain(&shown);
            let parts: Vec<String> =
                format!("\n{expected}\n").split("\n…\n").map(|part| self.plain(part)).collect();
            assert!(
                consists_of(&shown, &parts),
                "{}: {command}\n--- shown\n{shown}\n--- on the page\n{parts:#?}",
                self.page
            );
            assert_eq!(is_error, expected.contains("error: "), "{}: {command}: {shown}", self.page);
        }
    }

    /// Runs the command of a dialog. Without a terminal, rollcall does not ask, but its error lists the same columns.
    fn compare_dialog(&mut self, block: &str) {
        let (command, dialog) = block.split_once('\n').unwrap();
        let ended = self.run(command.trim_start_matches("$ "));
        assert_eq!(ended.code, 3, "{}: {command}: {}", self.page, ended.stdout);
        let shown = self.plain(&ended.stdout);
        let columns = dialog.lines().filter_map(|line| line.strip_prefix("  ").or(line.strip_prefix("> ")));
        for column in columns.filter(|column| *column != "none of these") {
            let column = self.plain(column);
            assert!(shown.contains(&column), "{}: {column}: {shown}", self.page);
        }
    }

    /// Starts the sandbox of a second terminal. Its variables are then set in the first one.
    fn start_sandbox(&mut self) -> String {
        let mut sandbox = Running::started(self.sealed.exact_command(&["sandbox"]));
        let mut shown = sandbox.printed.clone();
        BufReader::new(sandbox.child.stderr.take().unwrap()).read_line(&mut shown).unwrap();
        self.sandbox = Some(sandbox);
        self.commands += 1;
        shown
    }

    /// Runs a line of an `sh` block, which must succeed.
    fn run_and_expect(&mut self, line: &str) {
        let line = match line {
            // Needs a person at a terminal.
            "rollcall init" => "rollcall init --yes",
            // The tests are not root.
            line if line.starts_with("sudo ") => return,
            line => line,
        };
        let ended = self.run(line);
        assert!(matches!(ended.code, 0 | 1), "{}: {line}: {}", self.page, ended.stdout);
    }

    /// Runs the command of a line of a crontab. cron would mail what it prints.
    fn run_job(&mut self, line: &str) {
        if line.starts_with("MAILTO=") || line.starts_with("PATH=") {
            return;
        }
        let command = line.splitn(6, ' ').nth(5).unwrap();
        let ended = self.run(command);
        assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}: {command}", self.page);
    }

    /// Runs a line in a shell without a terminal. All output is in `stdout`, in the order in which it is printed.
    fn run(&mut self, line: &str) -> Ended {
        self.commands += 1;
        let line = line.replace("cl-…", "cl-1").replace("cm-…", "cm-1");
        // The default waits for five seconds.
        let line = line.replace("rollcall watch ", "rollcall watch --settle 500ms ");
        let mut shell = Command::new("sh");
        let program = program_path();
        shell.args(["-c", &format!("rollcall() {{ '{program}' \"$@\"; }}\n{{ {line}\n}} 2>&1")]);
        let sealed = self.sealed.exact_command(&[]);
        shell.current_dir(sealed.get_current_dir().unwrap()).env_clear().stdin(Stdio::null());
        shell.envs(sealed.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(sandbox) = &self.sandbox {
            sandbox.point(&mut shell);
        }
        ended(shell)
    }

    /// Returns an output or its copy on the page, without text that changes between runs and between machines. Lines
    /// may be broken in other places, because paths have other lengths.
    fn plain(&self, text: &str) -> String {
        const MORE: [(&str, &str); 4] = [
            (r"CLIENT_SECRET=\S+", "CLIENT_SECRET=SECRET"),
            (r"good for a day: \S+", "good for a day: TOKEN"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"),
            (r"\d+\.\d\d s\b", "SECONDS"),
        ];
        let home = self.sealed.home().canonicalize().unwrap().display().to_string();
        let text = text.replace(&program_path(), "rollcall");
        let text = text.replace(&format!("{home}/work"), "/home/you/rollcall").replace(&home, "/home/you");
        let text = MORE.iter().fold(filtered(&text), |text, (pattern, with)| {
            regex::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
        });
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The workbook that the reader of the tutorial fixes.
const REJECTED: &str = "first/rejected.xlsx";

/// Returns whether a text has these parts in order, from its beginning to its end, with any text between them.
fn consists_of(text: &str, parts: &[String]) -> bool {
    let [first, others @ ..] = parts else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

#[test]
fn tutorial_works_from_its_first_command_to_its_last() {
    assert_eq!(Reader::new("tutorial.md").follow(), 16);
}

#[test]
fn howto_pages_show_what_their_commands_print() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/howto");
    let mut pages = 0;
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let reader = Reader::new(&format!("howto/{name}"));
        // Its reader has accounts in a settings file, which the environment of a sandbox would replace.
        let reader = if name == "several-accounts.md" { reader } else { reader.with_account() };
        // `tests/spark` runs what needs Spark.
        let has_commands = name != "spark.md";
        assert_eq!(reader.follow() > 0, has_commands, "{name}");
        pages += 1;
    }
    assert_eq!(pages, 8);
}

#[test]
fn output_is_compared_in_order() {
    let parts = |parts: &[&str]| parts.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (text, expected, is_same) in [
        ("a b c", &["a b c"][..], true),
        ("a b c", &["a b"], false),
        ("a b c", &["a", "c"], true),
        ("a b c", &["", "b", ""], true),
        ("a b c", &["b", ""], false),
        ("a b c", &["", "b"], false),
        ("a b c", &["a", "c", "b", ""], false),
    ] {
        assert_eq!(consists_of(text, &parts(expected)), is_same, "{expected:?}");
    }
}
