//! Files dropped into a watched folder by different kinds of writers, while the service is killed.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{BatchMode, Fault, Scene, Started, at_random, last_name, trials};
use crate::{
    random::{Random, size},
    sealed::Ended,
};

/// Returns a list of one contact.
fn list(number: &str) -> String {
    format!("First Name,Last Name,Salutation,Mobile\nAsha,{},Mrs,+{number}\n", last_name(number))
}

fn number(index: u64) -> String {
    format!("9198760{index:05}")
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|own| own == ending)
}

/// A watched folder and the platform of a scene.
struct Inbox {
    scene: Scene,
}

impl Inbox {
    fn new(plan: impl FnMut(bool, u64) -> Fault + Send + 'static) -> Self {
        let scene = Scene::new(BatchMode::PerContact, plan);
        fs::create_dir(scene.sealed.path("in")).unwrap();
        Self { scene }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.sealed.path("in").join(name)
    }

    fn drop(&self, name: &str, content: &str) {
        self.scene.sealed.write(&format!("in/{name}"), content);
    }

    fn command(&self, options: &[&str]) -> Command {
        let args =
            [&["watch", "in", "--settle", "20ms", "--rate", "1000000", "--max-attempts", "100"], options]
                .concat();
        let mut command = self.scene.sealed.command(&args);
        self.scene.platform.point(&mut command);
        command.env("ROLLCALL_PACE", super::PACE);
        command
    }

    /// Imports the files in the folder, then stops.
    fn once(&self, options: &[&str]) -> Ended {
        self.scene.run(self.command(&[&["--once"], options].concat()))
    }

    /// Returns the names in one of its folders, without text files.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !has_ending(name, "txt")).collect();
        names.sort();
        names
    }

    fn note(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.txt"))).unwrap()
    }

    /// Returns the imported numbers on the platform.
    fn stored(&self) -> BTreeSet<String> {
        self.scene
            .platform
            .world()
            .contacts
            .keys()
            .filter(|number| number.starts_with("9198760"))
            .cloned()
            .collect()
    }
}

#[test]
fn each_content_is_imported_once_and_each_file_is_moved() {
    let inbox = Inbox::new(|_, _| Fault::None);
    inbox.drop("good.csv", &list(&number(1)));
    inbox.drop("later.csv", &list(&number(2)));
    inbox.drop("rows to fix.csv", &(list(&number(3)) + "Bo,Li,Mr,12\n"));
    inbox.drop("no-list.csv", "Colour\nred\n");
    inbox.drop("half.csv.part", &list(&number(4)));
    // These settings would suppress every row.
    inbox.drop("rollcall.toml", "types = \"pager\"\nstate-dir = \"elsewhere\"\n");
    std::os::unix::fs::symlink("good.csv", inbox.path("link.csv")).unwrap();
    let output = inbox.once(&[]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(output.stderr.contains("link.csv is skipped: it is a link"), "{}", output.stderr);
    assert!(output.stderr.ends_with("3 files imported, 2 failed\n"), "{}", output.stderr);
    assert_eq!(inbox.names("done"), ["good.csv", "later.csv", "rows to fix.csv"]);
    assert_eq!(inbox.names("failed"), ["no-list.csv", "rollcall.toml"]);
    assert!(inbox.note("failed/no-list.csv").contains("no column is known to hold phone numbers"));
    assert_eq!(inbox.names("work"), [""; 0]);
    assert_eq!(inbox.names("reports").len(), 3);
    assert_eq!(inbox.stored(), [1, 2, 3].map(number).into());
    // The same content under another name, and other content under the same name.
    inbox.drop("again.csv", &list(&number(1)));
    inbox.drop("good.csv", &list(&number(5)));
    // A file that failed before is tried again.
    inbox.drop("no-list.csv", "Colour\nred\n");
    let output = inbox.once(&[]);
    assert!(output.stderr.ends_with("1 file imported, 1 failed, 1 imported before\n"), "{}", output.stderr);
    assert_eq!(
        inbox.names("done"),
        ["again.csv", "good (2).csv", "good.csv", "later.csv", "rows to fix.csv"]
    );
    assert!(inbox.note("done/again.csv").contains("imported before, as good.csv"));
    inbox.drop("again.csv", &list(&number(1)));
    let output = inbox.once(&["--reimport"]);
    assert!(output.code == 0 && output.stderr.ends_with("1 file imported\n"), "{}", output.stderr);
    assert_eq!(inbox.scene.platform.world().needless, [""; 0]);
}

#[test]
fn platform_failure_holds_files_back_and_fails_none() {
    let inbox = Inbox::new(|_, _| Fault::Status(401));
    inbox.drop("a.csv", &list(&number(1)));
    inbox.drop("b.csv", &list(&number(2)));
    let output = inbox.once(&[]);
    assert_eq!(output.code, 4, "{}", output.stderr);
    assert!(output.stderr.contains("files are held back for 15 s"), "{}", output.stderr);
    assert_eq!((inbox.names("failed"), inbox.names("done")), (vec![], vec![]));
    inbox.scene.platform.plan(|_, _| Fault::None);
    assert_eq!(inbox.once(&[]).code, 0);
    assert_eq!(inbox.names("done"), ["a.csv", "b.csv"]);
    assert_eq!(inbox.stored(), [1, 2].map(number).into());
}

#[test]
fn list_over_the_memory_or_rejection_limit_fails_before_anything_is_posted() {
    let inbox = Inbox::new(|_, _| Fault::None);
    inbox.drop("a.csv", &list(&number(1)));
    let output = inbox.once(&["--memory-limit", "1"]);
    assert_eq!((output.code, inbox.names("failed")), (1, vec!["a.csv".to_owned()]), "{}", output.stderr);
    assert!(inbox.note("failed/a.csv").contains("--memory-limit"), "{}", inbox.note("failed/a.csv"));
    inbox.drop("b.csv", &(list(&number(2)) + "Bo,Li,Mr,12\n"));
    let output = inbox.once(&["--max-rejected", "0"]);
    assert_eq!((output.code, inbox.stored().len()), (1, 0), "{}", output.stderr);
    assert!(inbox.note("failed/b.csv").contains("--max-rejected"));
}

#[test]
fn stopped_service_continues_at_the_next_start() {
    let inbox = Inbox::new(|is_post, _| if is_post { Fault::Hold } else { Fault::None });
    inbox.drop("a.csv", &list(&number(1)));
    let service = Started::new(inbox.command(&[]));
    inbox.scene.platform.wait_until(|world| world.posts == 1);
    service.signal("TERM");
    let output = service.end();
    assert_eq!(output.code, 0, "{}", output.stderr);
    inbox.scene.platform.plan(|_, _| Fault::None);
    inbox.scene.platform.release();
    inbox.scene.platform.drain();
    assert_eq!((inbox.names("work").len(), inbox.names("done").len()), (1, 0));
    let output = inbox.once(&[]);
    assert_eq!((output.code, inbox.names("done")), (0, vec!["a.csv".to_owned()]), "{}", output.stderr);
    assert_eq!((inbox.stored(), inbox.scene.platform.world().needless.len()), ([number(1)].into(), 0));
}

#[test]
fn rows_added_after_a_file_was_taken_are_imported_too() {
    let inbox = Inbox::new(|is_post, _| if is_post { Fault::Hold } else { Fault::None });
    inbox.drop("a.csv", &list(&number(1)));
    let service = Started::new(inbox.command(&["--once"]));
    inbox.scene.platform.wait_until(|world| world.posts == 1);
    let taken = fs::read_dir(inbox.path("work")).unwrap().next().unwrap().unwrap().path().join("a.csv");
    let mut writer = OpenOptions::new().append(true).open(taken).unwrap();
    writer.write_all(format!("Bo,Li,Mr,+{}\n", number(2)).as_bytes()).unwrap();
    drop(writer);
    inbox.scene.platform.plan(|_, _| Fault::None);
    inbox.scene.platform.release();
    let output = service.end();
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stderr.contains("a.csv changed after it was taken"), "{}", output.stderr);
    assert_eq!((inbox.names("done"), inbox.stored()), (vec!["a.csv".to_owned()], [1, 2].map(number).into()));
}

#[test]
fn two_services_of_one_folder_take_turns() {
    let inbox = Inbox::new(|_, _| Fault::None);
    let mut first = Started::new(inbox.command(&[]));
    first.wait_for_text(": watching");
    let mut second = Started::new(inbox.command(&[]));
    second.wait_for_text("another process watches the folder");
    let output = inbox.once(&[]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stderr.contains("another process watches the folder, and imports its files"));
    first.signal("KILL");
    first.end();
    second.wait_for_text(": watching");
    inbox.drop("a.csv", &list(&number(1)));
    second.wait_for_text("a.csv is imported: 1 row, 1 created");
    second.signal("TERM");
    assert_eq!(second.end().code, 0);
}

#[test]
fn service_waits_for_a_missing_folder() {
    let inbox = Inbox::new(|_, _| Fault::None);
    let mut service = Started::new(inbox.command(&[]));
    service.wait_for_text(": watching");
    fs::rename(inbox.path(""), inbox.scene.sealed.path("away")).unwrap();
    service.wait_for_text("the folder does not exist");
    // An unmounted folder leaves an empty mount point, in which rollcall creates nothing.
    fs::create_dir(inbox.path("")).unwrap();
    fs::remove_dir(inbox.path("")).unwrap();
    fs::rename(inbox.scene.sealed.path("away"), inbox.path("")).unwrap();
    inbox.drop("a.csv", &list(&number(1)));
    service.wait_for_text("a.csv is imported");
    service.signal("TERM");
    assert_eq!(service.end().code, 0);
}

#[test]
fn removed_subfolders_are_recreated_and_a_file_in_their_place_holds_files_back() {
    let inbox = Inbox::new(|_, _| Fault::None);
    let mut service = Started::new(inbox.command(&[]));
    service.wait_for_text(": watching");
    for folder in ["work", "done", "failed"] {
        fs::remove_dir(inbox.path(folder)).unwrap();
    }
    inbox.drop("a.csv", &list(&number(1)));
    service.wait_for_text("a.csv is imported");
    fs::remove_dir(inbox.path("work")).unwrap();
    inbox.drop(".work", "");
    fs::rename(inbox.path(".work"), inbox.path("work")).unwrap();
    inbox.drop("b.csv", &list(&number(2)));
    service.wait_for_text("files are held back for 15 s");
    service.signal("TERM");
    assert_eq!(service.end().code, 0);
    fs::remove_file(inbox.path("work")).unwrap();
    assert_eq!(
        (inbox.once(&[]).code, inbox.names("done")),
        (0, vec!["a.csv".to_owned(), "b.csv".to_owned()])
    );
}

#[test]
fn unusable_folders_and_options_are_refused() {
    let inbox = Inbox::new(|_, _| Fault::None);
    let error_line = |args: &[&str]| {
        let mut command = inbox.scene.sealed.command(args);
        inbox.scene.platform.point(&mut command);
        let output = crate::sealed::ended(command);
        (
            output.code,
            output.stderr.lines().find(|line| line.starts_with("error")).unwrap_or_default().to_owned(),
        )
    };
    let (code, line) = error_line(&["watch", "gone", "--once"]);
    assert!(code == 2 && line.contains("gone: No such file"), "{line}");
    inbox.scene.sealed.write("file", "");
    let (code, line) = error_line(&["watch", "file", "--once"]);
    assert!(code == 2 && line.contains("file: not a directory"), "{line}");
    let (code, line) = error_line(&["watch", "in", "--once", "--dry-run"]);
    assert!(code == 2 && line.contains("--dry-run"), "{line}");
    inbox.drop("rollcall.toml", "on-done = [\"/bin/true\"]\n");
    let (code, line) = error_line(&["watch", "in", "--once", "--config", "in/rollcall.toml"]);
    assert!(code == 2 && line.contains("is in the watched folder"), "{line}");
    let (code, line) = error_line(&["watch", "in", "--schedule", "0 2 * *"]);
    assert!(code == 2 && line.contains("--schedule"), "{line}");
    fs::create_dir(inbox.path("inner")).unwrap();
    inbox.scene.sealed.write("own.toml", "[[watch]]\ndir = \"in\"\n[[watch]]\ndir = \"in/inner\"\n");
    let (code, line) = error_line(&["watch", "--once", "--config", "own.toml"]);
    assert!(code == 2 && line.contains("overlap"), "{line}");
}

#[test]
fn each_folder_of_the_config_file_has_its_own_options() {
    let inbox = Inbox::new(|_, _| Fault::None);
    fs::create_dir(inbox.scene.sealed.path("other")).unwrap();
    inbox.drop("a.csv", &list(&number(1)).replace("+91", "0"));
    inbox.scene.sealed.write("other/b.csv", list(&number(2)));
    inbox.scene.sealed.write("other/c.txt", list(&number(3)));
    inbox.scene.sealed.write(
        "own.toml",
        "settle = \"20ms\"\n[[watch]]\ndir = \"in\"\nregion = \"IN\"\n[[watch]]\ndir = \"other\"\ninclude = [\"*.csv\"]\n",
    );
    let mut command =
        inbox.scene.sealed.command(&["watch", "--once", "--rate", "1000000", "--config", "own.toml"]);
    inbox.scene.platform.point(&mut command);
    let output = inbox.scene.run(command);
    assert_eq!((output.code, inbox.stored()), (0, [1, 2].map(number).into()), "{}", output.stderr);
    assert!(inbox.scene.sealed.path("other/c.txt").exists());
}

#[test]
fn command_runs_for_each_file_and_sees_no_secret() {
    let inbox = Inbox::new(|_, _| Fault::None);
    inbox.drop("a.csv", &list(&number(1)));
    let path = inbox.scene.sealed.path("environment");
    let script = format!("env > '{}'", path.display());
    let output = inbox.once(&["--on-done", "/bin/sh", "--on-done", "-c", "--on-done", &script]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let environment = fs::read_to_string(path).unwrap();
    for line in ["ROLLCALL_FILE=a.csv", "ROLLCALL_END=done", "ROLLCALL_CREATED=1"] {
        assert!(environment.lines().any(|variable| variable == line), "{line}: {environment}");
    }
    assert!(!environment.contains("ROLLCALL_TOKEN") && !environment.contains("SECRET"), "{environment}");
}

/// Like systemd, provides a socket on which a service reports that it is ready and alive.
#[test]
fn service_notifies_its_supervisor() {
    let inbox = Inbox::new(|_, _| Fault::None);
    let socket = inbox.scene.sealed.path("notify");
    let supervisor = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    supervisor.set_read_timeout(Some(super::TIMEOUT)).unwrap();
    let mut command = inbox.command(&[]);
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "600000");
    let mut service = Started::new(command);
    let next = || {
        let mut text = [0; 256];
        let length = supervisor.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length]).into_owned()
    };
    assert_eq!(next(), "READY=1\nSTATUS=watching 1 folder\n");
    assert_eq!([next(), next()], ["WATCHDOG=1\n", "WATCHDOG=1\n"]);
    service.signal("HUP");
    service.wait_for_text("settings: reloaded");
    // After the pause, the service reports again that it is ready.
    let mut ready = next();
    while ready == "WATCHDOG=1\n" {
        ready = next();
    }
    assert_eq!(ready, "READY=1\nSTATUS=watching 1 folder\n");
    service.signal("TERM");
    while next() != "STOPPING=1\n" {}
    assert_eq!(service.end().code, 0);
}

#[test]
fn finished_files_are_kept_for_the_set_time_and_markers_are_obeyed() {
    let inbox = Inbox::new(|_, _| Fault::None);
    inbox.drop("a.csv", &list(&number(1)));
    inbox.drop("b.csv", &list(&number(2)));
    inbox.drop("b.csv.ready", "");
    let output = inbox.once(&["--ready-markers"]);
    assert_eq!((output.code, inbox.names("done")), (0, vec!["b.csv".to_owned()]), "{}", output.stderr);
    assert!(inbox.path("a.csv").exists() && !inbox.path("b.csv.ready").exists());
    let output = inbox.once(&["--ready-markers", "--keep-days", "0"]);
    assert_eq!((output.code, inbox.names("done"), inbox.names("reports")), (0, vec![], vec![]));
    // The journal still knows the removed file.
    inbox.drop("c.csv", &list(&number(2)));
    inbox.drop("c.csv.ready", "");
    let output = inbox.once(&["--ready-markers"]);
    assert!(
        output.stderr.ends_with("1 imported before, 1 not settled yet, kept for the next run\n"),
        "{}",
        output.stderr
    );
}

/// Writes a file as programs do: at once, by renaming a partial file, in two pieces, or twice in a row.
fn write(inbox: &Inbox, random: &mut Random, name: &str, content: &str) {
    match random.below(4) {
        0 => inbox.drop(name, content),
        1 => {
            inbox.drop(&format!("{name}.part"), content);
            fs::rename(inbox.path(&format!("{name}.part")), inbox.path(name)).unwrap();
        }
        2 => {
            let mut file =
                OpenOptions::new().create(true).write(true).truncate(true).open(inbox.path(name)).unwrap();
            let (first, rest) = content.as_bytes().split_at(random.below(content.len()));
            file.write_all(first).unwrap();
            file.sync_all().unwrap();
            file.write_all(rest).unwrap();
        }
        _ => {
            inbox.drop(name, "First Name,Last Name,Salutation,Mobile\n");
            inbox.drop(name, content);
        }
    }
}

#[test]
fn no_contact_is_lost_or_duplicated_while_the_service_is_killed() {
    let (drops, kills) = (size(20, 100, 10_000), size(4, 20, 200));
    trials("dropped", 1, |what, seed| {
        let mut random = Random(seed);
        let inbox = Inbox::new(at_random(seed, 6));
        let mut expected = BTreeSet::new();
        for round in 0..kills {
            let service = Started::new(inbox.command(&[]));
            for index in drops * round / kills..drops * (round + 1) / kills {
                // Some contents are repeated.
                let content = if random.below(5) == 0 { index / 2 } else { index };
                expected.insert(number(content));
                // Some names are repeated if no file of that name is waiting.
                let name = format!("list {}.csv", random.below(10));
                let name = if inbox.path(&name).exists() { format!("list of {index}.csv") } else { name };
                write(&inbox, &mut random, &name, &list(&number(content)));
                if random.below(10) == 0 {
                    drop_odd_file(&inbox, &mut random, index);
                }
            }
            let wait = Duration::from_millis(u64::try_from(random.below(1500)).unwrap());
            service.end_after(wait, "KILL");
            inbox.scene.platform.drain();
        }
        let mut output = inbox.once(&[]);
        while matches!(output.code, 4 | 5) {
            output = inbox.once(&[]);
        }
        assert!(matches!(output.code, 0 | 1), "{what}: {} {}", output.code, output.stderr);
        assert_eq!(inbox.names("work"), [""; 0], "{what}: files are stuck in the work folder");
        let waiting: Vec<String> =
            inbox.names("").into_iter().filter(|name| has_ending(name, "csv")).collect();
        let is_odd = |name: &String| name.starts_with("odd");
        assert!(waiting.iter().all(is_odd), "{what}: {waiting:?} {}", output.stderr);
        assert_eq!(inbox.stored(), expected, "{what}");
        assert_eq!(inbox.scene.platform.world().needless, [""; 0], "{what}");
        assert_eq!(inbox.scene.platform.most_posts_at_once(), 1, "{what}");
    });
}

/// Drops a link, an empty file or a named pipe.
fn drop_odd_file(inbox: &Inbox, random: &mut Random, index: u64) {
    let path = inbox.path(&format!("odd {index}.csv"));
    match random.below(3) {
        0 => std::os::unix::fs::symlink("list 1.csv", path).unwrap(),
        1 => fs::write(path, "").unwrap(),
        _ => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    }
}

/// Returns the response of a status page, with its headers.
fn response(address: &str, request: &str) -> String {
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut connection, &mut answer).unwrap();
    answer
}

#[test]
fn status_page_shows_progress_but_no_personal_data() {
    let inbox = Inbox::new(|is_post, _| if is_post { Fault::Hold } else { Fault::None });
    inbox.drop("a.csv", &list(&number(1)));
    let mut service = Started::new(inbox.command(&["--status", "0"]));
    service.wait_for_text("status: http://");
    let line = service.stderr.lines().find(|line| line.contains("status: http://")).unwrap();
    let address = line.rsplit("http://").next().unwrap().trim_end_matches('/').to_owned();
    let get = |path: &str| response(&address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"));
    inbox.scene.platform.wait_until(|world| world.posts == 1);
    let page = get("/");
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("In progress") && page.contains("a.csv"),
        "{page}"
    );
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
    inbox.scene.platform.plan(|_, _| Fault::None);
    inbox.scene.platform.release();
    service.wait_for_text("a.csv is imported");
    let page = get("/");
    assert!(page.contains("report.html") && page.contains("done"), "{page}");
    for secret in [number(1), "Asha".to_owned(), "a-secret-of-no-use".to_owned()] {
        assert!(!page.contains(&secret), "{secret}");
    }
    assert!(get("/healthz").ends_with("\r\n\r\nok\n"));
    assert!(get("/readyz").ends_with("\r\n\r\nok\n"));
    let figures = get("/metrics");
    for line in [
        "rollcall_files_total{",
        "outcome=\"created\"} 1",
        "rollcall_requests_left{",
        "rollcall_queue_files{",
    ] {
        assert!(figures.contains(line), "{line}: {figures}");
    }
    let refused = |request: &str| response(&address, request).lines().next().unwrap_or_default().to_owned();
    assert!(refused("GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n").contains("403"));
    assert!(refused(&format!("POST / HTTP/1.1\r\nHost: {address}\r\n\r\n")).contains("405"));
    // The page reports why files are held back.
    inbox.scene.platform.plan(|_, _| Fault::Status(401));
    inbox.drop("b.csv", &list(&number(2)));
    service.wait_for_text("files are held back");
    let ready = get("/readyz");
    assert!(ready.contains("503") && ready.contains("files are held back"), "{ready}");
    assert!(get("/healthz").ends_with("ok\n"), "the service is alive while files are held back");
    service.signal("TERM");
    assert_eq!(service.end().code, 0);
}

#[test]
fn settings_are_reloaded_and_invalid_ones_change_nothing() {
    let inbox = Inbox::new(|_, _| Fault::None);
    let settings = |include: &str| {
        let text =
            format!("settle = \"20ms\"\nrate = 1000000\n[[watch]]\ndir = \"in\"\ninclude = [{include}]\n");
        inbox.scene.sealed.write("own.toml", text);
    };
    settings("\"*.csv\"");
    let mut command = inbox.scene.sealed.command(&["watch", "--config", "own.toml"]);
    inbox.scene.platform.point(&mut command);
    let mut service = Started::new(command);
    service.wait_for_text(": watching");
    inbox.drop("a.txt", &list(&number(1)));
    settings("7");
    service.signal("HUP");
    service.wait_for_text("keeping the current settings");
    inbox.drop("b.csv", &list(&number(2)));
    service.wait_for_text("b.csv is imported");
    assert!(inbox.path("a.txt").exists(), "{}", service.stderr);
    settings("\"*.txt\"");
    service.signal("HUP");
    service.wait_for_text("a.txt is imported");
    service.signal("TERM");
    assert_eq!(service.end().code, 0);
}

#[test]
fn empty_file_fails_with_once_instead_of_waiting_forever() {
    let inbox = Inbox::new(|_, _| Fault::None);
    inbox.drop("empty.csv", "");
    let output = inbox.once(&[]);
    assert_eq!(inbox.names("failed"), ["empty.csv"], "{}", output.stderr);
    assert_ne!(output.code, 0, "{}", output.stderr);
}
