//! The status page for people.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    journal::{FileEnd, WatchedFile},
    quantity::{counted, duration, grouped},
    report::{html::STYLE, terminal::printable},
    watch::board::{Board, FolderBoard, Now, State},
};

const OWN_STYLE: &str = include_str!("status.css");
const SCRIPT: &str = include_str!("status.js");

/// Returns the content security policy: only this page's own styles and scripts.
pub(super) fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}' 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(OWN_STYLE),
        hash(SCRIPT)
    )
}

/// Returns the whole page.
pub(super) fn page(board: &Board) -> Markup {
    let obstacles = board.obstacles();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "rollcall watch" }
                style { (PreEscaped(STYLE)) }
                style { (PreEscaped(OWN_STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the folders" }
                header {
                    p class="kind" { "rollcall watch" }
                    h1 { (counted(board.folders.len() as u64, "folder")) }
                    p class="meta" { "since " (moment(board.since)) }
                }
                main id="main" {
                    section class={ "verdict " (if obstacles.is_empty() { "good" } else { "bad" }) } aria-labelledby="state" {
                        h2 id="state" class="unseen" { "State" }
                        @if obstacles.is_empty() {
                            p class="sentence" { "Files are imported." }
                        } @else {
                            p class="sentence" { "Some folders do not import files." }
                            ul { @for obstacle in &obstacles { li { (printable(obstacle)) } } }
                        }
                    }
                    @for (index, folder) in board.folders.iter().enumerate() { (section(board, folder, index)) }
                }
                footer {
                    p {
                        "For programs: " a href="/healthz" { "/healthz" } ", " a href="/readyz" { "/readyz" } ", "
                        a href="/metrics" { "/metrics" } "."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn section(board: &Board, folder: &FolderBoard, index: usize) -> Markup {
    let now = folder.now();
    let id = format!("folder-{index}");
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) dir="auto" { (printable(&folder.path.display().to_string())) }
            dl class="facts" {
                div { dt { "State" } dd { (state(&now)) } }
                div { dt { "Waiting" } dd { (waiting(&now)) } }
                div { dt { "Being written" } dd { (grouped(now.unsettled)) } }
                @if let Some(left) = folder.requests_left() {
                    div { dt { "Requests left in this minute" } dd { (grouped(left)) } }
                }
            }
            @if let Some((name, size, since)) = &now.file {
                h3 { "In progress" }
                p { bdi { (printable(name)) } ", " (grouped(*size)) " bytes, for " (duration(since.elapsed().as_secs())) }
                (progress(folder.progress().as_ref()))
            }
            h3 { "Last files" }
            (last(board, folder))
        }
    }
}

fn state(now: &Now) -> &'static str {
    match now.state {
        State::Watching => "watched",
        State::Waiting => "another process watches it",
        State::Away => "folder does not exist",
        State::Held(_) => "files are held back",
        State::Ended => "no longer watched",
    }
}

fn waiting(now: &Now) -> String {
    let age = now.waiting_since.map(|since| format!(", for {}", duration(since.elapsed().as_secs())));
    counted(now.waiting, "file") + &age.unwrap_or_default()
}

fn progress(said: Option<&Value>) -> Markup {
    let Some(said) = said else { return html! { p class="small" { "starting" } } };
    let of = |name: &str| said[name].as_u64();
    let stage = said["stage"].as_str().unwrap_or_default();
    let (done, all) = (of("done").unwrap_or_default(), of("of"));
    html! {
        @if let Some(all) = all.filter(|all| *all > 0) {
            progress value=(done.min(all)) max=(all) aria-label={ "Progress of " (stage) } {}
        }
        p class="small" {
            (printable(stage))
            @if stage == "reading" { ", " (counted(of("rows").unwrap_or_default(), "row")) }
            @else if let Some(all) = all { " " (grouped(done)) " of " (grouped(all)) " contacts" }
            @if let Some(left) = of("left").filter(|left| *left > 0) { ", " (duration(left)) " left" }
        }
    }
}

fn last(board: &Board, folder: &FolderBoard) -> Markup {
    let Ok(files) = board.ended(folder) else {
        return html! { p { "rollcall cannot read the journal at the moment." } };
    };
    if files.is_empty() {
        return html! { p class="small" { "None yet." } };
    }
    html! {
        div class="wide" tabindex="0" role="region" aria-label="Last files" {
            table class="plain files" {
                thead { tr {
                    th scope="col" { "File" } th scope="col" { "Ended" } th scope="col" { "End" }
                    th scope="col" class="n" { "Rows" } th scope="col" class="n" { "Created" } th scope="col" class="n" { "To fix" }
                    th scope="col" { "Report" }
                } }
                tbody { @for file in &files { (row(folder, file)) } }
            }
        }
    }
}

fn row(folder: &FolderBoard, file: &WatchedFile) -> Markup {
    let totals: Value =
        file.totals.as_deref().and_then(|totals| serde_json::from_str(totals).ok()).unwrap_or_default();
    let of = |names: &[&str]| names.iter().filter_map(|name| totals[name].as_u64()).sum::<u64>();
    let end = file.end.map_or("", FileEnd::name);
    let ended = file
        .ended_at
        .and_then(|ended| Timestamp::from_millisecond(ended).ok())
        .map(moment)
        .unwrap_or_default();
    let report = crate::watch::report_of(&folder.path, &file.name, &file.run).join("report.html");
    html! {
        tr {
            th scope="row" { bdi { (printable(&file.name)) } }
            td data-label="Ended" { (ended) }
            td class=(end) data-label="End" { (end) }
            @if totals.is_null() {
                td class="n" data-label="Rows" { "–" }
                td class="n" data-label="Created" { "–" }
                td class="n" data-label="To fix" { "–" }
            } @else {
                td class="n" data-label="Rows" { (grouped(of(&["rows"]))) }
                td class="n" data-label="Created" { (grouped(of(&["created", "confirmed"]))) }
                td class="n" data-label="To fix" { (grouped(of(&["rejected", "failed"]))) }
            }
            // Only the service's user may read the report, and the browser opens it directly. This page serves no
            // part of it.
            td data-label="Report" {
                @if report.exists() {
                    a href=(file_url(&report)) { "report.html" }
                } @else { "–" }
            }
        }
    }
}

fn file_url(path: &std::path::Path) -> String {
    url::Url::from_file_path(path).map_or_else(|()| String::new(), String::from)
}

fn moment(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
