//! Hints for failures of the platform, of posting, and of learning which numbers are suppressed.

use crate::{
    platform::{Distrust, Doubt, PlatformError},
    post::PostError,
    suppress::SuppressError,
};

/// The hint for failures that may not happen again.
pub(super) const AGAIN: &str = "Run the same command again.";

const CONFIGURATION_SCOPE: &str = "The app needs the scope `Configuration` and must belong to the account in --account-id. \
    Set scopes where the app was made; a ready token has the scopes of its app.";
const REDIRECT: &str = "rollcall does not send credentials to a redirect's target. If that is the platform's new address, pass it with \
    --host; otherwise check --host, --stream-id and --account-id, and any proxy on the way.";
const CLOCK: &str = "Set the clock of this machine, for example with NTP: a token made here is valid for ten minutes. If the clock is \
    right, the platform's clock is wrong.";
const CAMPAIGN_SCOPE: &str = "The app needs the scope `Campaign Management` and must belong to the account in --account-id. \
    Set scopes where the app was made; a ready token has the scopes of its app.";

/// Returns what to do about a failure of the platform.
pub(in crate::cli) fn of_platform(error: &PlatformError) -> Option<&'static str> {
    Some(match error {
        PlatformError::Unreachable { proxy: Some(_), .. } => {
            "Check --host and the proxy that the environment names; then run the same command again."
        }
        PlatformError::Unreachable { .. } => "Check --host and the network; then run the same command again.",
        PlatformError::Untrusted { distrust: Distrust::UnknownAuthority, .. } => {
            "A company's own authority may have issued it, for the platform or for a proxy. Ask the administrator for \
             the authority's certificate, and pass its file with --ca-file or in SSL_CERT_FILE."
        }
        PlatformError::Untrusted { distrust: Distrust::Expired | Distrust::NotYetValid, .. } => {
            "Check the clock of this machine. If it is right, the operator of the host must renew the certificate."
        }
        PlatformError::Untrusted { .. } => {
            "Check --host: its name must be the one in the certificate. A proxy may show a certificate of its own."
        }
        PlatformError::Unauthorized { clock: Some(_), .. } | PlatformError::Denied { clock: Some(_), .. } => {
            CLOCK
        }
        PlatformError::Unauthorized { about: Some(_), .. } => {
            "Make a new token, and put it where this one came from (ROLLCALL_TOKEN or --token-file). With an app's \
             --client-id and secret, rollcall makes its own tokens."
        }
        PlatformError::Unauthorized { is_token: true, .. } => {
            "Make a new token with the app of this account, and put it where this one came from (ROLLCALL_TOKEN or \
             --token-file)."
        }
        PlatformError::Unauthorized { .. } => {
            "Check --client-id and the client secret: both must come from the same app, and the app must belong to --account-id."
        }
        PlatformError::Denied { request, status: 401 | 403, .. } if request.is_of_campaigns() => {
            CAMPAIGN_SCOPE
        }
        PlatformError::Denied { status: 401 | 403, .. } => CONFIGURATION_SCOPE,
        PlatformError::Redirected { .. } => REDIRECT,
        PlatformError::GaveUp { is_broken: true, .. } | PlatformError::BrokenAnswer { .. } => {
            "The answer does not match the platform's API. Check --host and --stream-id: it may be a proxy or a login page. \
             If it is the platform, show this message to its operator."
        }
        PlatformError::Denied { .. } | PlatformError::Refused { .. } => {
            "Check --stream-id, --host and --account-id: they do not match, or one does not exist."
        }
        PlatformError::NoSuch { .. } | PlatformError::RefusedId { .. } => {
            "Check the id. If the list or campaign was made with the older API, add --api v1."
        }
        PlatformError::SkipIgnored(_) | PlatformError::Endless(_) | PlatformError::TooManyBytes { .. } => {
            "Contact the platform's operator, or use --existing FILE to skip reading."
        }
        PlatformError::PageSize { .. } => "Choose another --page-size, or omit it.",
        PlatformError::PageRepeated { .. } => {
            "Run the same command again, with a smaller --page-size if you set one."
        }
        PlatformError::RateLimited { .. } => {
            "Another program uses the account, or the account's limit is lower than --rate. Run the same command again \
             later, with a smaller --rate or with --rate-per-hour."
        }
        PlatformError::QuotaUsedUp { .. } => {
            "Run the same command again after that time. Until then, rollcall sends nothing to the account."
        }
        PlatformError::Drifting { .. } => {
            "Another program adds or removes contacts, perhaps another import. Run the same command again after it ends."
        }
        PlatformError::GaveUp { .. } => AGAIN,

        PlatformError::Setup(_) => {
            "rollcall needs the certificate authorities that this machine trusts. If SSL_CERT_FILE or SSL_CERT_DIR is \
             set, it must point to readable certificates."
        }
        PlatformError::MalformedToken | PlatformError::MalformedAccount => return None,
    })
}

/// Returns what to do if posting ended early; `None` if the cause is another one.
pub(super) fn of_post(error: &PostError) -> Option<&'static str> {
    Some(match error {
        PostError::Unacknowledged { doubt: Doubt::Redirect, .. } => REDIRECT,
        PostError::NotShown { .. } => {
            "Run the same command again in a few minutes. It first reads the existing contacts and posts only the \
             missing ones."
        }
        PostError::StoredDifferently { .. } => {
            "Correct or delete these contacts on the platform; otherwise, the wrong people may be called. rejected.csv \
             lists them. Before you post more, ask the platform's operator why it changes numbers."
        }
        PostError::Unacknowledged { doubt: Doubt::BrokenAnswer, .. } => {
            "The answer does not match the platform's API. Check --host and any proxy. The next run first reads the \
             existing contacts and posts only the missing ones."
        }
        PostError::Unacknowledged { .. } => {
            "Run the same command again: it first reads the existing contacts and posts only the missing ones."
        }
        PostError::TooManyRefused { .. } => {
            "The settings are more likely wrong than the rows: read the platform's message. Rows that were not tried are \
             `pending`: run the same command again after the fix, or without the rows in rejected.csv."
        }
        PostError::Client(_) | PostError::Contacts(_) => return None,
    })
}

/// Returns what to do if a list or campaign cannot be used; `None` if the cause is another one.
pub(super) fn of_suppress(error: &SuppressError) -> Option<&'static str> {
    Some(match error {
        SuppressError::NotAllShown { .. } => {
            "Nothing was posted: contacts that were not shown would not be suppressed. Run the same command again. If it \
             fails again, save the contacts with `rollcall fetch` and pass that file with --exclude-file."
        }
        SuppressError::NoCountry { region: None, .. } => {
            "Nothing was posted: these numbers would exclude nobody. Set their country with --region."
        }
        SuppressError::NoCountry { region: Some(_), .. } => {
            "Nothing was posted: these numbers would exclude nobody. If they are numbers of another country, save the \
             list with `rollcall fetch`, add a column `Country`, and pass the file with --exclude-file."
        }
        SuppressError::Client(_) | SuppressError::Unread(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Purpose;

    #[test]
    fn refused_requests_name_the_scope_that_the_app_needs() {
        for (request, scope) in
            [(Purpose::ReadList, "Campaign Management"), (Purpose::ReadContacts, "Configuration")]
        {
            let error = PlatformError::Denied { request, status: 403, answer: String::new(), clock: None };
            assert!(of_platform(&error).unwrap().contains(scope), "{request:?}");
        }
        let error = PlatformError::NoSuch { what: "contact list cl-1".to_owned(), answer: String::new() };
        assert!(of_platform(&error).unwrap().contains("--api v1"));
    }
}
