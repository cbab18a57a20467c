//! Headers of columns that say who must not be called, or who may be called.

use crate::{normalize::label, row::Question};

/// Phrases in folded form that forbid a call if the answer is yes.
const FORBIDDEN: &[&str] = &[
    "do not call",
    "donotcall",
    "dont call",
    "don t call",
    "never call",
    "no call",
    "no calls",
    "no phone calls",
    "dnc",
    "do not phone",
    "donotphone",
    "no phone",
    "do not dial",
    "do not telephone",
    "do not contact",
    "donotcontact",
    "no contact",
    "do not disturb",
    "dnd",
    "do not allow phone",
    "do not allow call",
    "do not allow calls",
    "do not allow telephone",
    "opt out",
    "optout",
    "opted out",
    "optedout",
    "unsubscribed",
    "blacklist",
    "blacklisted",
    "not callable",
    "tps",
    "ctps",
    "nicht anrufen",
    "nicht kontaktieren",
    "keine anrufe",
    "anrufsperre",
    "telefonsperre",
    "kontaktsperre",
    "werbesperre",
    "robinson",
    "robinsonliste",
    "ne pas appeler",
    "ne pas contacter",
    "ne pas telephoner",
    "bloctel",
    "no llamar",
    "no contactar",
    "no telefonear",
    "non chiamare",
    "non contattare",
    "nao ligar",
    "nao chamar",
    "nao contatar",
    "niet bellen",
    "bel me niet",
    "niet contacteren",
    "nie dzwonic",
    "ring ikke",
    "ring inte",
    "no marketing call",
    "no marketing calls",
    "do not solicit",
    "do not market",
    "ndnc",
];

/// Whole headers that forbid a call if the answer is yes. As a part of a header, the words may mean something else.
const FORBIDDEN_ALONE: &[&str] = &["blocked", "suppress", "suppressed"];

/// Phrases in folded form that forbid a call if the answer is no.
const ALLOWED: &[&str] = &[
    "callable",
    "may we call",
    "can we call",
    "contact allowed",
    "may contact",
    "may be contacted",
    "ok to contact",
    "okay to contact",
    "pode ligar",
    "darf kontaktiert werden",
    "can call",
    "can be called",
    "may call",
    "may be called",
    "call allowed",
    "calls allowed",
    "ok to call",
    "okay to call",
    "allow call",
    "allow calls",
    "allow phone",
    "allow phone calls",
    "allow telephone",
    "phone opt in",
    "call opt in",
    "calls opt in",
    "opt in phone",
    "opt in call",
    "opt in calls",
    "phone consent",
    "call consent",
    "calling consent",
    "telephone consent",
    "consent to call",
    "consent phone",
    "consent calls",
    "permission to call",
    "phone permission",
    "call permission",
    "accepts phone",
    "accepts call",
    "accepts calls",
    "phone marketing",
    "anruf erlaubt",
    "anrufe erlaubt",
    "darf angerufen werden",
    "einwilligung telefon",
    "einwilligung anruf",
    "consentement telephone",
    "accepte appels",
    "accord telephone",
    "acepta llamadas",
    "permite llamadas",
    "consentimiento telefono",
];

/// Words that mean the permission to call together with a word for a phone.
const PERMITTED: &[&str] = &["allowed", "accepts", "erlaubt"];

/// Words for a consent, whatever it is for. Without it, a person is not called, unless the header names another way to
/// reach people.
const CONSENT: &[&str] = &[
    "consent",
    "consents",
    "consented",
    "optin",
    "permission",
    "einwilligung",
    "consentement",
    "consentimiento",
    "consenso",
    "consentimento",
];

/// Words in headers of columns that say when, where or how somebody consented.
const CIRCUMSTANCES: &[&str] = &[
    "date",
    "time",
    "timestamp",
    "at",
    "on",
    "ip",
    "source",
    "text",
    "url",
    "method",
    "version",
    "reason",
    "by",
];

/// Words in headers of columns that may say who must not be called.
const SUSPICIOUS: &[&str] = &[
    "allow",
    "allowed",
    "block",
    "blocked",
    "call",
    "called",
    "calls",
    "calling",
    "contact",
    "contacted",
    "marketing",
    "opt",
    "permitted",
    "solicit",
    "suppression",
    "telemarketing",
];

/// Headers in folded form of a person's status. One of its values forbids calls.
const STATES: &[&str] = &[
    "status",
    "lead status",
    "contact status",
    "call status",
    "phone status",
    "disposition",
    "last disposition",
    "call disposition",
    "call result",
    "last call result",
    "result",
    "outcome",
    "tags",
    "tag",
    "labels",
    "flags",
];

/// Last words of headers that mean a status.
const STATE_WORDS: &[&str] = &["status", "disposition", "outcome", "result", "tags", "labels", "flags"];

/// Words for other ways to reach people.
const OTHER_WAYS: &[&str] = &[
    "email",
    "emails",
    "mail",
    "mails",
    "mailing",
    "sms",
    "text",
    "texts",
    "newsletter",
    "post",
    "postal",
    "fax",
    "whatsapp",
    "push",
    "letter",
    "letters",
    "bulk",
    "trade",
    "sell",
    "share",
    "track",
    "notifications",
];

/// Words for calls.
const CALLS: &[&str] =
    &["call", "calls", "calling", "phone", "telephone", "dial", "dnc", "donotcall", "donotphone"];

/// Words for the hours or days when a person may be called.
const HOURS: &[&str] =
    &["before", "after", "between", "until", "hours", "hour", "times", "count", "attempts"];

/// Words that add no meaning.
const NEUTRAL: &[&str] = &[
    "phone",
    "phones",
    "number",
    "numbers",
    "value",
    "call",
    "calls",
    "telephone",
    "tel",
    "is",
    "has",
    "flag",
    "status",
    "date",
    "reason",
    "time",
    "at",
    "on",
    "to",
    "of",
    "for",
    "from",
    "list",
    "contact",
    "person",
    "me",
    "please",
    "by",
    "the",
    "opt",
];

/// A column about calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallHeader {
    /// The question that the column answers.
    pub(super) question: Question,
    /// The words for the phone that the column is about. Empty if it is about the person.
    pub(super) phone: Vec<String>,
}

/// Returns whether a text contains these words. It has a space before and after each word.
fn holds_words(padded: &str, words: &str) -> bool {
    let is_space = |at: Option<usize>| at.and_then(|at| padded.as_bytes().get(at)) == Some(&b' ');
    padded
        .match_indices(words)
        .any(|(at, found)| is_space(at.checked_sub(1)) && is_space(Some(at + found.len())))
}

/// Reads a header given as words with their numbers. Returns `None` if it is not about calls.
pub(super) fn read(words: &str) -> Option<CallHeader> {
    let padded = format!(" {words} ").replace(" donot ", " do not ");
    let found = |list: &[&'static str]| {
        list.iter().filter(|phrase| holds_words(&padded, phrase)).max_by_key(|phrase| phrase.len()).copied()
    };
    let has = |list: &[&str]| words.split(' ').any(|word| list.contains(&word));
    let is_about_phone = !has(OTHER_WAYS)
        && words.split(' ').any(|word| label::meaning(word).is_some_and(|meaning| meaning.is_phone));
    let has_consent = has(CONSENT) || padded.contains(" opt in ");
    let (question, phrase) = match (found(FORBIDDEN), found(ALLOWED)) {
        (Some(phrase), _) => (Question::IsForbidden, phrase),
        _ if FORBIDDEN_ALONE.contains(&words) => (Question::IsForbidden, words),
        (None, Some(phrase)) => (Question::IsAllowed, phrase),
        (None, None)
            if STATES.contains(&words)
                || !is_about_phone
                    && !has(OTHER_WAYS)
                    && words.rsplit(' ').next().is_some_and(|word| STATE_WORDS.contains(&word)) =>
        {
            return Some(CallHeader { question: Question::Status, phone: Vec::new() });
        }
        (None, None)
            if (has_consent || has(PERMITTED)) && is_about_phone
                || has_consent && !has(OTHER_WAYS) && !has(CIRCUMSTANCES) =>
        {
            let is_permission =
                |word: &str| CONSENT.contains(&word) || PERMITTED.contains(&word) || word == "in";
            let phone = own_words(words).filter(|word| !is_permission(word));
            return Some(CallHeader {
                question: Question::IsAllowed,
                phone: phone.map(str::to_owned).collect(),
            });
        }
        (None, None) => return None,
    };
    if has(HOURS) || has(OTHER_WAYS) && !has(CALLS) {
        return None;
    }
    let rest = padded.replacen(&format!(" {phrase} "), " ", 1);
    let phone = own_words(&rest).map(str::to_owned).collect();
    Some(CallHeader { question, phone })
}

/// Returns whether a header that [`read`] does not know may still say who must not be called, if its cells say yes or no.
pub(super) fn may_be_about_calls(words: &str) -> bool {
    let has = |list: &[&str]| words.split(' ').any(|word| list.contains(&word));
    has(SUSPICIOUS) && !has(OTHER_WAYS) && !has(HOURS) && read(words).is_none()
}

/// Returns the words that distinguish one phone from another.
pub(super) fn own_words(words: &str) -> impl Iterator<Item = &str> {
    words.split(' ').filter(|word| !word.is_empty() && !NEUTRAL.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{super::folding::fold_with_numbers, *};

    fn question(header: &str) -> Option<Question> {
        read(&fold_with_numbers(header)).map(|found| found.question)
    }

    #[test]
    fn headers_that_forbid_calls_are_recognized() {
        for header in [
            "Do Not Call",
            "DoNotCall",
            "DONOTCALL",
            "do_not_call",
            "DNC",
            "DNC Status",
            "Do Not Phone",
            "Do not allow Phone Calls",
            "Do not disturb",
            "donotContact",
            "phoneNumberIsOptedOut",
            "Phone Opt Out",
            "Opt-out",
            "Unsubscribed",
            "Nicht anrufen",
            "Keine Anrufe",
            "Ne pas appeler",
            "No llamar",
            "Non chiamare",
            "Robinsonliste",
            "Has opted out of calls",
            "SMS / Phone opt out",
            "No marketing calls",
            "Do not solicit",
            "NDNC",
            "Blocked",
        ] {
            assert_eq!(question(header), Some(Question::IsForbidden), "{header}");
        }
    }

    #[test]
    fn headers_that_allow_calls_are_recognized() {
        for header in [
            "ContactCallable",
            "Can be called",
            "OK to call",
            "Phone Consent",
            "call_opt_in",
            "Allow Phone Calls",
            "Mobile Consent",
            "Cell Opt-In",
            "Consent",
            "Opt-In",
            "opt_in_flag",
            "Marketing Consent",
            "Consent to contact",
            "Contact allowed",
            "May we call?",
            "Pode ligar?",
            "Einwilligung",
        ] {
            assert_eq!(question(header), Some(Question::IsAllowed), "{header}");
        }
    }

    #[test]
    fn status_headers_are_recognized() {
        for header in ["Status", "Lead Status", "Tags", "Disposition", "Last Call Outcome", "Lead Result"] {
            assert_eq!(question(header), Some(Question::Status), "{header}");
        }
    }

    #[test]
    fn headers_about_other_channels_or_hours_are_ignored() {
        for header in [
            "Email Opt Out",
            "HasOptedOutOfEmail",
            "Do Not Email",
            "do_not_sms",
            "Do not allow Bulk Emails",
            "Accepts Email Marketing",
            "Email Consent",
            "Consent Date",
            "OPTIN_IP",
            "SMS Opt-In",
            "Block",
            "Do not call before",
            "Last Call Date",
            "Call count",
            "Phone",
            "Notes",
        ] {
            assert_eq!(question(header), None, "{header}");
        }
    }

    #[test]
    fn header_may_be_about_one_phone() {
        let phone = |header: &str| read(&fold_with_numbers(header)).unwrap().phone;
        assert_eq!(phone("Callable-Cell"), ["cell"]);
        assert_eq!(phone("Phone 2 Do Not Call"), ["2"]);
        assert!(phone("Do Not Call Reason").is_empty());
        assert!(phone("Phone Number Is Opted Out").is_empty());
    }
}
