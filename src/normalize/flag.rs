//! Answers in cells that answer a question: yes, no, or nothing.

use super::label::folded;
use crate::row::Question;

/// Answers that mean yes, in folded form.
const YES: &[&str] = &[
    "n1",
    "true",
    "t",
    "yes",
    "y",
    "x",
    "on",
    "checked",
    "ja",
    "j",
    "wahr",
    "oui",
    "o",
    "vrai",
    "si",
    "s",
    "verdadero",
    "vero",
    "sim",
    "verdadeiro",
    "tak",
    "da",
    "да",
    "evet",
];

/// Answers that mean no.
const NO: &[&str] = &[
    "n0",
    "false",
    "f",
    "no",
    "n",
    "off",
    "unchecked",
    "nein",
    "falsch",
    "non",
    "faux",
    "falso",
    "nao",
    "nee",
    "nie",
    "нет",
    "hayir",
    "never",
];

/// Placeholders for a missing answer.
const NOTHING: &[&str] =
    &["", "na", "n a", "none", "null", "nil", "blank", "undefined", "not set", "not specified", "k a"];

/// Answers in columns about calls that permit calls.
const MAY_BE_CALLED: &[&str] = &[
    "allow",
    "allowed",
    "ok",
    "okay",
    "callable",
    "can call",
    "ok to call",
    "call",
    "contact",
    "clean",
    "clear",
    "safe",
    "not on dnc",
    "not listed",
    "not on list",
    "not on tps",
    "not on dnd",
    "not registered",
    "unregistered",
    "inactive",
    "deactivated",
    "not active",
    "no match",
    "opted in",
    "opt in",
    "in",
    "subscribed",
    "granted",
    "consented",
    "erlaubt",
    "autorise",
    "permitido",
];

/// Answers in columns about calls that forbid calls.
const MUST_NOT_BE_CALLED: &[&str] = &[
    "do not allow",
    "not allowed",
    "disallow",
    "disallowed",
    "do not call",
    "dont call",
    "don t call",
    "no call",
    "dnc",
    "on dnc",
    "do not contact",
    "not callable",
    "opted out",
    "opt out",
    "out",
    "unsubscribed",
    "blocked",
    "denied",
    "refused",
    "withdrawn",
    "not given",
    "not granted",
    "no consent",
    "revoked",
    "declined",
    "verboten",
    "nicht erlaubt",
    "refuse",
];

/// Statuses of a person that forbid calls, as dialers and CRMs write them.
const STATES: &[&str] = &[
    "do not call",
    "do not contact",
    "donotcall",
    "donotcontact",
    "never call",
    "dnc",
    "dncl",
    "dncc",
    "opted out of calls",
    "nicht anrufen",
    "ne pas appeler",
    "no llamar",
];

/// Returns whether a cell says yes.
pub(crate) fn is_yes(text: &str) -> bool {
    YES.contains(&answer(text).as_str())
}

/// Returns whether a cell says yes or no in any way.
pub(crate) fn is_answer(text: &str) -> bool {
    let answer = answer(text);
    YES.contains(&answer.as_str()) || NO.contains(&answer.as_str())
}

/// Returns whether the answer to a question about calls forbids them. In a column of prohibitions, a remark or a date
/// also forbids calls: people write nothing there otherwise.
pub(crate) fn forbids(question: Question, text: &str) -> bool {
    if question == Question::Status {
        return is_forbidding_state(text);
    }
    // The answer is open, which is not no.
    let is_open = !text.trim().is_empty() && text.trim().chars().all(|letter| letter == '?');
    let answer = answer(text);
    let is_in = |answers: &[&str]| answers.contains(&answer.as_str());
    if is_in(MUST_NOT_BE_CALLED) {
        return true;
    }
    match question {
        Question::IsForbidden if is_open => true,
        Question::IsForbidden => !(is_in(NO) || is_in(NOTHING) || is_in(MAY_BE_CALLED)),
        Question::IsAllowed => is_in(NO),
        Question::Status => false,
    }
}

/// Returns whether a cell that may belong to another column forbids calls: it says so in words, or with a plain yes or no.
pub(crate) fn plainly_forbids(question: Question, text: &str) -> bool {
    let answer = answer(text);
    let is_in = |answers: &[&str]| answers.contains(&answer.as_str());
    is_in(MUST_NOT_BE_CALLED)
        || match question {
            Question::IsForbidden => is_in(YES),
            Question::IsAllowed => is_in(NO),
            Question::Status => false,
        }
}

/// Returns whether one of the statuses or tags in a cell forbids calls.
fn is_forbidding_state(text: &str) -> bool {
    // Most cells of such columns contain nothing similar.
    let may_be = |part: &[u8]| {
        let is_start = |start: &&str| {
            part.get(..start.len()).is_some_and(|part| part.eq_ignore_ascii_case(start.as_bytes()))
        };
        ["dnc", "do", "nev", "opt", "nicht", "ne ", "no "].iter().any(is_start)
    };
    let parts = text.split([',', ';', '|', ':']).map(|part| part.trim_matches(['*', ' ']));
    parts.into_iter().any(|part| may_be(part.as_bytes()) && STATES.contains(&answer(part).as_str()))
}

/// Returns an answer in the form for comparison. Of the numbers, only 0 and 1 are answers.
fn answer(text: &str) -> String {
    match text.trim() {
        "0" | "0.0" | "☐" | "✗" => "n0".to_owned(),
        "1" | "1.0" | "✓" | "✔" | "☑" | "☒" => "n1".to_owned(),
        other => folded(other, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_value_forbids_calls() {
        for text in [
            "1",
            "TRUE",
            "Yes",
            "x",
            "Ja",
            "Oui",
            "Sí",
            "✓",
            "DNC",
            "Do Not Allow",
            "2026-01-05",
            "asked by mail",
            "Active",
            "2",
            "?",
            "unknown",
        ] {
            assert!(forbids(Question::IsForbidden, text), "{text}");
        }
        for text in [
            "",
            " ",
            "0",
            "false",
            "No",
            "Nein",
            "non",
            "-",
            "n/a",
            "Allow",
            "(blank)",
            "ok to call",
            "Not registered",
            "Inactive",
        ] {
            assert!(!forbids(Question::IsForbidden, text), "{text}");
        }
    }

    #[test]
    fn false_value_in_a_callable_column_forbids_calls() {
        for text in ["0", "False", "no", "Opted out", "withdrawn", "not given"] {
            assert!(forbids(Question::IsAllowed, text), "{text}");
        }
        for text in ["", "1", "yes", "2026-01-05", "n/a"] {
            assert!(!forbids(Question::IsAllowed, text), "{text}");
        }
    }

    #[test]
    fn one_of_several_statuses_may_forbid_calls() {
        for text in
            ["DNC", "Do Not Call", "do-not-call", "vip; Do not call", "DNCL", "* myContacts ::: Do Not Call"]
        {
            assert!(forbids(Question::Status, text), "{text}");
        }
        for text in ["", "New", "No", "1", "Doctor", "Called", "Do call", "Not called yet"] {
            assert!(!forbids(Question::Status, text), "{text}");
        }
    }

    #[test]
    fn answers_are_distinguished_from_other_values() {
        for text in ["Yes", "no", "0", "1", "TRUE", "ja"] {
            assert!(is_answer(text), "{text}");
        }
        for text in ["", "07700 900123", "2", "maybe"] {
            assert!(!is_answer(text), "{text}");
        }
    }

    #[test]
    fn every_answer_is_in_folded_form() {
        for text in [YES, NO, NOTHING, MAY_BE_CALLED, MUST_NOT_BE_CALLED, STATES].into_iter().flatten() {
            assert!(*text == folded(text, false) || matches!(*text, "n0" | "n1"), "{text}");
        }
    }
}
