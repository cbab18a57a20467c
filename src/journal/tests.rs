mod quota;

use std::{
    fs,
    sync::atomic::{AtomicI64, Ordering},
};

use super::*;
use crate::{
    contact::{E164, NameKey},
    outcome::{Code, Outcome},
    row::Location,
};

const MINUTE: Duration = Duration::from_mins(1);
const LIMIT: Duration = Duration::from_secs(30);

/// A limit per minute without an hourly limit.
fn per_minute(slots: usize) -> Limits {
    Limits { minute: Limit { slots, window: MINUTE }, hour: None }
}

/// A journal with a clock that the test sets.
fn timed(folder: &Path) -> (Journal, Arc<AtomicI64>) {
    at_set_time(Journal::open(folder).unwrap())
}

fn at_set_time(journal: Journal) -> (Journal, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_000_000_000));
    let clock = Arc::clone(&now);
    (Journal { clock: Clock(Arc::new(move || clock.load(Ordering::Relaxed))), ..journal }, now)
}

fn open_run(journal: &Journal, id: &str, fingerprint: &str) {
    let folder = Path::new("/out");
    let run = NewRun { id, account: "acc", stream: "st", fingerprint, command: "{}", folder };
    journal.open_run(&run).unwrap();
}

fn number(index: u64) -> E164 {
    E164::from_digits(&format!("91987654{index:04}")).unwrap()
}

fn contacts(count: u64) -> impl Iterator<Item = (E164, NameKey)> {
    (0..count).map(|index| (number(index), NameKey::new("Asha", "Rao")))
}

fn note(index: u64, fate: Fate) -> ContactState {
    ContactState { number: number(index), fate, code: None, detail: String::new(), was_unacknowledged: false }
}

fn error(folder: &Path) -> JournalError {
    Journal::open(folder).map(|_| ()).unwrap_err()
}

#[test]
fn recorded_batches_survive_a_crash() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/state");
    let journal = Journal::open(&folder).unwrap();
    open_run(&journal, "r1", "f");
    let batch = journal.begin_batch("r1", contacts(3), "hash", LIMIT).unwrap();
    let created = ContactState { detail: "id 7".to_owned(), ..note(0, Fate::Ended(Outcome::Created)) };
    let failed = ContactState { code: Some(Code::Refused), ..note(1, Fate::Ended(Outcome::Failed)) };
    journal.record_results("r1", Some(batch), &[created.clone(), failed.clone()], None).unwrap();
    // Not even closed.
    std::mem::forget(journal);

    let journal = Journal::open(&folder).unwrap();
    assert_eq!(journal.unfinished("f").unwrap().unwrap().id, "r1");
    assert_eq!(journal.contact_states("r1").unwrap(), [created, failed, note(2, Fate::InFlight)]);
    let (unacknowledged, wait) = journal.unacknowledged("acc", "st").unwrap();
    assert_eq!((unacknowledged.len(), wait), (1, Duration::ZERO), "the batch was answered");
    assert_eq!((unacknowledged[0].run.as_str(), unacknowledged[0].number), ("r1", number(2)));
    assert!(journal.unacknowledged("acc", "other").unwrap().0.is_empty());

    journal
        .record(&[("r1".to_owned(), ContactState { was_unacknowledged: true, ..note(2, Fate::Pending) })])
        .unwrap();
    assert_eq!(journal.unacknowledged("acc", "st").unwrap().0.len(), 1, "it may still be created late");
    journal.record(&[("r1".to_owned(), note(2, Fate::Ended(Outcome::Confirmed)))]).unwrap();
    assert!(journal.unacknowledged("acc", "st").unwrap().0.is_empty());
    journal.close_run("r1", Ending::Finished, "{}").unwrap();
    assert_eq!(journal.unfinished("f").unwrap(), None);
}

#[test]
fn clock_set_back_does_not_lengthen_the_wait_for_an_unacknowledged_batch() {
    let home = tempfile::tempdir().unwrap();
    let (journal, now) = timed(home.path());
    open_run(&journal, "r1", "f");
    let batch = journal.begin_batch("r1", contacts(2), "hash", LIMIT).unwrap();
    let wait = || journal.unacknowledged("acc", "st").unwrap().1;
    assert_eq!(wait(), LIMIT);
    now.fetch_add(20_000, Ordering::Relaxed);
    assert_eq!(wait(), Duration::from_secs(10));
    journal.resend_batch(batch).unwrap();
    assert_eq!(wait(), LIMIT);
    now.fetch_sub(3_600_000, Ordering::Relaxed);
    assert_eq!(wait(), LIMIT);
    now.fetch_add(7_200_000, Ordering::Relaxed);
    assert_eq!(wait(), Duration::ZERO);
}

#[test]
fn number_sent_again_is_in_flight_and_stays_marked_unacknowledged() {
    let journal = Journal::in_memory().unwrap();
    open_run(&journal, "r1", "f");
    journal.begin_batch("r1", contacts(1), "hash", LIMIT).unwrap();
    journal
        .record(&[("r1".to_owned(), ContactState { was_unacknowledged: true, ..note(0, Fate::Pending) })])
        .unwrap();
    let batch = journal.begin_batch("r1", contacts(1), "hash", LIMIT).unwrap();
    journal.record_results("r1", Some(batch), &[note(0, Fate::Ended(Outcome::Confirmed))], None).unwrap();
    let notes = journal.contact_states("r1").unwrap();
    assert_eq!(
        notes,
        [ContactState { was_unacknowledged: true, ..note(0, Fate::Ended(Outcome::Confirmed)) }]
    );
}

#[test]
fn older_journal_is_migrated_but_a_newer_one_is_not_touched() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(NAME);
    let old = Connection::open(&path).unwrap();
    old.execute_batch(schema::STEPS[0]).unwrap();
    old.execute_batch("PRAGMA application_id = 1919904876; PRAGMA user_version = 1").unwrap();
    old.execute(
        "INSERT INTO run (id, account, stream, fingerprint, command, folder, opened_at) VALUES ('r', 'a', 's', 'f', '{}', '/', 1)",
        [],
    )
    .unwrap();
    drop(old);
    let journal = Journal::open(home.path()).unwrap();
    assert_eq!(journal.runs().unwrap().len(), 1);
    assert_eq!(journal.quota("a").take(&per_minute(1), LIMIT).unwrap(), None);
    drop(journal);

    let newer = Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(newer);
    let before = fs::read(&path).unwrap();
    let error = error(home.path());
    assert!(matches!(error, JournalError::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn damaged_or_foreign_journals_are_refused_unchanged() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(NAME);
    fs::write(&path, "no database at all, but some text that somebody keeps here").unwrap();
    assert!(matches!(error(home.path()), JournalError::Damaged { .. }));
    fs::remove_file(&path).unwrap();

    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(foreign);
    assert!(matches!(error(home.path()), JournalError::Foreign { .. }));
    fs::remove_file(&path).unwrap();

    let journal = Journal::open(home.path()).unwrap();
    open_run(&journal, "r1", "f");
    journal.begin_batch("r1", contacts(2000), "hash", LIMIT).unwrap();
    journal.read(|connection| connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")).unwrap();
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    for _ in 0..2 {
        let error = error(home.path());
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn content_is_checked_unless_the_journal_is_as_it_was_closed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(NAME);
    let journal = Journal::open(home.path()).unwrap();
    open_run(&journal, "r1", "f");
    journal.begin_batch("r1", contacts(2000), "hash", LIMIT).unwrap();
    drop(journal);
    let mark = fs::read(home.path().join("journal.lock")).unwrap();
    // Damage that only a check of the content finds.
    let (mut bytes, closed_at) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    let damage = |changed_at| {
        fs::write(&path, &bytes).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(changed_at).unwrap();
    };
    damage(closed_at + Duration::from_millis(1));
    assert!(matches!(error(home.path()), JournalError::Damaged { .. }), "it was changed since");
    damage(closed_at);
    fs::write(home.path().join("journal.lock"), "").unwrap();
    assert!(matches!(error(home.path()), JournalError::Damaged { .. }), "it was not closed");
    fs::write(home.path().join("journal.lock"), &mark).unwrap();
    fs::write(home.path().join(WAL_NAME), "").unwrap();
    assert!(matches!(error(home.path()), JournalError::Damaged { .. }), "a program was killed");
    _ = fs::remove_file(home.path().join(WAL_NAME));
    damage(closed_at);
    assert!(Journal::open(home.path()).is_ok(), "it is known");
}

#[test]
fn only_the_last_program_marks_the_end() {
    let home = tempfile::tempdir().unwrap();
    let lock = home.path().join("journal.lock");
    let [one, other] = [(); 2].map(|()| Journal::open(home.path()).unwrap());
    open_run(&one, "r1", "f");
    drop(one);
    assert_eq!(fs::read(&lock).unwrap(), b"");
    drop(other);
    assert!(fs::read_to_string(&lock).unwrap().starts_with("closed "));
}

#[test]
fn run_that_was_abandoned_while_its_user_was_asked_can_end() {
    let home = tempfile::tempdir().unwrap();
    let journal = Journal::open(home.path()).unwrap();
    open_run(&journal, "r1", "f");
    assert!(journal.abandon_run("r1", Abandoned::Discarded).unwrap());
    assert!(!journal.abandon_run("r1", Abandoned::Replaced).unwrap());
    let ending = || journal.run("r1").unwrap().unwrap().ending;
    assert_eq!(ending().as_deref(), Some("discarded"));
    journal.stop_run("r1", "interrupted", None).unwrap();
    assert_eq!((ending(), journal.run("r1").unwrap().unwrap().closed_at), (None, None));
    journal.abandon_run("r1", Abandoned::Discarded).unwrap();
    journal.close_run("r1", Ending::Finished, "").unwrap();
    assert_eq!(ending().as_deref(), Some("finished"));
}

#[test]
fn error_names_the_unusable_folder() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let error = error(&home.path().join("file/state"));
    assert!(matches!(error, JournalError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("file/state"));
}

#[test]
#[cfg(unix)]
fn state_folder_is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("state");
    Journal::open(&folder).unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn account_is_locked_by_one_process_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (Journal::open(home.path()).unwrap(), Journal::open(home.path()).unwrap());
    let lock = first.lock_account("acc").unwrap().unwrap();
    let holder = second.lock_account("acc").unwrap().unwrap_err().unwrap();
    assert_eq!(holder.process, std::process::id());
    second.lock_account("another").unwrap().unwrap();
    drop(lock);
    second.lock_account("acc").unwrap().unwrap();
}

#[test]
fn refused_row_gives_its_number_back_and_is_purged_with_it() {
    let home = tempfile::tempdir().unwrap();
    let journal = Journal::open(home.path()).unwrap();
    open_run(&journal, "r", "f");
    let batch = journal.begin_batch("r", contacts(2), "sum", LIMIT).unwrap();
    let failed = ContactState { detail: "no".to_owned(), ..note(0, Fate::Ended(Outcome::Failed)) };
    journal
        .record_results("r", Some(batch), &[failed, note(1, Fate::Ended(Outcome::Created))], None)
        .unwrap();
    let location = Location { input: 1, row: 1 << 40 };
    let refused = Refused { location, number: number(0), code: Some(Code::Refused), detail: "no".to_owned() };
    journal.give_back("r", &[(refused.clone(), NameKey::new("Ida", "Vale"))]).unwrap();
    assert_eq!(journal.refused("r").unwrap(), std::slice::from_ref(&refused));
    let fates: Vec<Fate> = journal.contact_states("r").unwrap().into_iter().map(|note| note.fate).collect();
    assert_eq!(fates, [Fate::Pending, Fate::Ended(Outcome::Created)]);
    // A row is refused once; a failed transaction changes nothing.
    journal.give_back("r", &[(refused, NameKey::new("Tom", "Reed"))]).unwrap_err();
    journal.close_run("r", Ending::Finished, "{}").unwrap();
    journal.purge(&Purge { number: Some(number(0)), ..Purge::default() }).unwrap();
    assert_eq!(journal.refused("r").unwrap(), []);
    assert_eq!(journal.contact_states("r").unwrap().len(), 1);
}

#[test]
fn imports_with_other_state_folders_wait_for_each_other() {
    let home = tempfile::tempdir().unwrap();
    let shared = home.path().join("shared");
    let journal = |name: &str| Journal::open(&home.path().join(name)).unwrap().sharing_locks(Some(&shared));
    let (first, second, alone) =
        (journal("a"), journal("b"), Journal::open(&home.path().join("c")).unwrap().sharing_locks(None));
    let lock = first.lock_account("acc").unwrap().unwrap();
    let earlier = lock.holder().clone();
    assert_eq!(second.lock_account("acc").unwrap().unwrap_err().unwrap().process, std::process::id());
    assert!(Journal::open(&home.path().join("a")).unwrap().is_imported_to("acc").unwrap());
    assert!(!second.is_imported_to("acc").unwrap(), "not with this journal");
    second.lock_account("another").unwrap().unwrap();
    alone.lock_account("acc").unwrap().unwrap();
    drop(lock);
    // The shared folder may be the state folder itself.
    let default = journal("shared").lock_account("acc").unwrap().unwrap();
    assert!(first.lock_account("acc").unwrap().is_err());
    drop(default);
    let again = first.lock_account("acc").unwrap().unwrap();
    assert!(!again.follows(&earlier), "another had the account between");
    let earlier = again.holder().clone();
    drop(again);
    assert!(first.lock_account("acc").unwrap().unwrap().follows(&earlier));
}

#[cfg(unix)]
#[test]
fn unsafe_shared_folder_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = tempfile::tempdir().unwrap();
    let open = home.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    // The lock in it cannot be opened.
    let blocked = home.path().join("blocked");
    private_file::make_folder(&blocked).unwrap();
    let own = Journal::open(&home.path().join("own")).unwrap().lock_file("account", "acc").unwrap();
    fs::create_dir(blocked.join(own.file_name().unwrap())).unwrap();
    for shared in [&open, &file, &blocked] {
        let journal =
            |name: &str| Journal::open(&home.path().join(name)).unwrap().sharing_locks(Some(shared));
        let _lock = journal("a").lock_account("acc").unwrap().unwrap();
        assert!(journal("a").lock_account("acc").unwrap().is_err());
        journal("b").lock_account("acc").unwrap().unwrap();
        assert!(!open.read_dir().unwrap().any(|entry| entry.is_ok()));
    }
}

#[test]
fn bundled_sqlite_is_new_enough() {
    // Older versions can damage a journal that several processes write.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn programs_that_start_at_once_make_one_folder() {
    let home = tempfile::tempdir().unwrap();
    for n in 0..150 {
        let folder = home.path().join(format!("{n}/state/rollcall"));
        let start = std::sync::Barrier::new(4);
        let make = || {
            start.wait();
            make_private(&folder)
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }
}

/// A journal with runs of two accounts, one of them old and one unfinished, with one contact each.
fn with_runs() -> (Journal, Arc<AtomicI64>) {
    let (journal, now) = at_set_time(Journal::in_memory().unwrap());
    for (index, (id, account, is_over)) in [
        ("old", "host a", true),
        ("other", "host b", true),
        ("open", "host a", false),
        ("new", "host a", true),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = Path::new("/out");
        journal
            .open_run(&NewRun { id, account, stream: "st", fingerprint: id, command: "{}", folder })
            .unwrap();
        let contact = (number(index as u64), NameKey::new("Asha", "Rao"));
        journal.begin_batch(id, std::iter::once(contact), "hash", LIMIT).unwrap();
        if is_over {
            journal.close_run(id, Ending::Finished, "").unwrap();
        }
        now.fetch_add(ms(MINUTE), Ordering::Relaxed);
    }
    (journal, now)
}

#[test]
fn purge_deletes_matching_runs_but_keeps_unfinished_ones() {
    let of_account = |account: &str| Purge { account: Some(account.to_owned()), ..Purge::default() };
    let of_run = |run: &str| Purge { run: Some(run.to_owned()), ..Purge::default() };
    let older_than = |age| Purge { older_than: Some(age), ..Purge::default() };
    let of_number = |index| Purge { number: Some(number(index)), ..Purge::default() };
    let both = Purge { account: Some("b".to_owned()), ..older_than(MINUTE) };
    for (purge, gone, open, contacts) in [
        (of_account("a"), &["new", "old"][..], &["open"][..], 2),
        (of_account("host b"), &["other"], &[], 1),
        (of_account("host"), &[], &[], 0),
        (of_run("old"), &["old"], &[], 1),
        (of_run("open"), &[], &["open"], 0),
        (older_than(MINUTE * 5 / 2), &["other", "old"], &[], 2),
        (older_than(MINUTE * 3 / 2), &["other", "old"], &["open"], 2),
        (both, &["other"], &[], 1),
        (Purge::default(), &["new", "other", "old"], &["open"], 3),
        // One person's contacts are deleted, and the runs stay.
        (of_number(0), &[], &[], 1),
        (of_number(2), &[], &["open"], 0),
    ] {
        let (journal, _) = with_runs();
        let before: Vec<String> = journal.runs().unwrap().into_iter().map(|run| run.id).collect();
        let purged = journal.purge(&purge).unwrap();
        assert_eq!((purged.contacts, purged.is_blocked), (contacts, false), "{purge:?}");
        assert_eq!(purged.open, open, "{purge:?}");
        let left: Vec<String> = journal.runs().unwrap().into_iter().map(|run| run.id).collect();
        let taken: Vec<&String> = before.iter().filter(|id| !left.contains(id)).collect();
        assert_eq!(taken, gone, "{purge:?}");
        assert_eq!(journal.contact_states("open").unwrap().len(), 1, "{purge:?}");
    }
}

#[test]
fn purge_deletes_unfinished_snapshots() {
    let (journal, now) = with_runs();
    let mut half = journal.snapshots("host a", "st", None).begin("import").unwrap();
    half.push(crate::contact::StoredContact::default()).unwrap();
    let older_than = |age| Purge { older_than: Some(age), ..Purge::default() };
    assert_eq!(journal.purge(&older_than(MINUTE)).unwrap().readings, 0);
    now.fetch_add(ms(MINUTE * 2), Ordering::Relaxed);
    let of_other = Purge { account: Some("b".to_owned()), ..Purge::default() };
    assert_eq!(journal.purge(&of_other).unwrap().readings, 0);
    assert_eq!(journal.purge(&older_than(MINUTE)).unwrap().readings, 1);
    assert_eq!(journal.purge(&Purge::default()).unwrap().readings, 0);
}

// Source: simonw/datasette issue 402, Fluorohydride/ygopro issue 2888 (databases that run what their maker likes).
#[test]
fn altered_journal_is_refused_and_runs_no_foreign_sql() {
    for (change, what) in [
        (
            "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM batch; END",
            "the trigger `t` is not part of it",
        ),
        ("CREATE VIEW v AS SELECT * FROM contact", "the view `v` is not part of it"),
        ("CREATE TABLE more (a TEXT)", "the table `more` is not part of it"),
        ("DROP INDEX contact_by_number", "the index `contact_by_number` is missing"),
        ("ALTER TABLE run ADD COLUMN more TEXT", "the table `run` is not as rollcall made it"),
        ("ALTER TABLE run RENAME TO other; CREATE VIEW run AS SELECT * FROM other", "is not"),
    ] {
        let home = tempfile::tempdir().unwrap();
        open_run(&Journal::open(home.path()).unwrap(), "r1", "f");
        let path = home.path().join(NAME);
        let other = Connection::open(&path).unwrap();
        other.execute_batch(&format!("{change}; PRAGMA wal_checkpoint(TRUNCATE)")).unwrap();
        drop(other);
        let before = fs::read(&path).unwrap();
        let error = error(home.path());
        assert!(matches!(&error, JournalError::Altered { .. }), "{change}: {error}");
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before, "{change}");
    }
}

#[test]
fn older_journal_with_a_trigger_is_not_migrated() {
    let home = tempfile::tempdir().unwrap();
    let old = Connection::open(home.path().join(NAME)).unwrap();
    schema::STEPS[..3].iter().for_each(|step| old.execute_batch(step).unwrap());
    old.execute_batch(
        "INSERT INTO snapshot (account, stream, begun_at, how) VALUES ('a', 's', 1, 'h');
         CREATE TRIGGER t BEFORE DELETE ON snapshot BEGIN DELETE FROM account; END;
         PRAGMA application_id = 1919904876; PRAGMA user_version = 3",
    )
    .unwrap();
    drop(old);
    assert!(matches!(error(home.path()), JournalError::Altered { .. }));
}

// Source: lucas-albers-lz4/fwlive issue 204 (a lock that is a link), jedisct1/pure-ftpd issue 41 (a second name).
#[test]
#[cfg(unix)]
fn unsafe_state_folder_or_file_is_refused_with_the_repair_command() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("state");
    drop(Journal::open(&folder).unwrap());
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let mode = |name: &str| folder.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);

    for open in [0o777, 0o770, 0o702] {
        set_mode(&folder, open);
        let error = error(&folder).to_string();
        assert!(error.contains(&format!("can write to it (its mode is {open:o})")), "{error}");
        assert!(error.ends_with(&format!("chmod 700 {}", folder.display())), "{error}");
    }
    set_mode(&folder, 0o755);

    // rollcall makes its own files private again.
    for name in [NAME, "journal.lock"] {
        set_mode(&folder.join(name), 0o666);
    }
    let journal = Journal::open(&folder).unwrap();
    open_run(&journal, "r1", "f");
    let lock = journal.lock_account("acc").unwrap().unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(mode(&name), 0o600, "{name}");
    }
    drop((lock, journal));

    let kept = home.path().join("kept");
    fs::write(&kept, "kept").unwrap();
    for name in [NAME, "journal.lock", "journal.sqlite3-wal"] {
        let path = folder.join(name);
        _ = fs::remove_file(&path);
        symlink(&kept, &path).unwrap();
        let error = error(&folder);
        assert!(matches!(&error, JournalError::Unsafe { .. }), "{name}: {error}");
        fs::remove_file(&path).unwrap();
        // A pipe does not block either.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(matches!(self::error(&folder), JournalError::Unsafe { .. }), "{name}");
        fs::remove_file(&path).unwrap();
    }
    let journal = Journal::open(&folder).unwrap();
    drop(journal.lock_account("acc").unwrap().unwrap());
    let lock = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let lock = lock.into_iter().find(|path| path.to_string_lossy().contains("account-")).unwrap();
    fs::remove_file(&lock).unwrap();
    fs::hard_link(&kept, &lock).unwrap();
    assert!(matches!(journal.lock_account("acc"), Err(JournalError::Unsafe { .. })));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
}

#[test]
fn file_counts_as_imported_for_the_account_of_its_run() {
    let home = tempfile::tempdir().unwrap();
    let (journal, _) = timed(home.path());
    open_run(&journal, "r1", "f");
    for (name, run) in [("a.csv", "r1"), ("b.csv", "purged")] {
        let file = NewFile { folder: "in", name, sha256: name, size: 1, run };
        let id = journal.claim_file(&file).unwrap();
        journal.end_file(id, FileEnd::Done, None, None).unwrap();
    }
    let counts =
        |content: &str, account: &str| journal.imported_file("in", content, account).unwrap().is_some();
    assert_eq!([counts("a.csv", "acc"), counts("a.csv", "another")], [true, false]);
    assert_eq!([counts("b.csv", "acc"), counts("b.csv", "another")], [true, true], "the run is unknown");
}
