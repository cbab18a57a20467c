//! Messages for wrong addresses, tokens and proxies.

use std::{process::Command, sync::mpsc};

use crate::{
    scripted::{Reply, Scripted},
    sealed::{Ended, Running, Sealed, assert_same, ended},
    tokens::signed,
};

fn list_and_sandbox() -> (Sealed, Running) {
    let sealed = Sealed::new();
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\n");
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    (sealed, sandbox)
}

fn command(sealed: &Sealed, sandbox: &Running) -> Command {
    let mut command = sealed.command(&["import", "list.csv", "--out", "out", "--max-attempts", "1"]);
    sandbox.point(&mut command);
    command
}

/// Returns the message and the hint.
fn error_and_hint(output: &Ended) -> String {
    let lines: Vec<&str> = output.stderr.lines().skip_while(|line| !line.starts_with("error")).collect();
    lines.join("\n")
}

/// Imports with a ready token of this payload, signed with the app's secret.
fn with_token(payload: &serde_json::Value) -> Ended {
    let (sealed, sandbox) = list_and_sandbox();
    let token = signed(payload, sandbox.variable("ROLLCALL_CLIENT_SECRET").as_bytes());
    let mut command = command(&sealed, &sandbox);
    for name in ["ROLLCALL_CLIENT_ID", "ROLLCALL_CLIENT_SECRET"] {
        command.env_remove(name);
    }
    command.env("ROLLCALL_TOKEN", &token);
    let output = ended(command);
    assert!(!output.stderr.contains(&token[..10]), "{}", output.stderr);
    output
}

#[test]
fn expired_token_is_reported_with_its_expiry() {
    let payload = serde_json::json!({"sub": "cs-1", "appId": "cs-1", "jti": "1", "iat": 1_700_000_000, "exp": 1_700_000_600});
    let expired = with_token(&payload);
    assert_eq!(expired.code, 4);
    assert!(expired.stderr.contains("it expired at 2023-11-14T22:23:20Z"), "{}", expired.stderr);
    assert_same!(error_and_hint(&expired), @r#"
    error: the platform does not accept the token: HTTP 401, "the token is not valid"; it expired at TIME
    hint: Make a new token, and put it where this one came from (ROLLCALL_TOKEN or --token-file). With an app's --client-id and secret, rollcall makes its own tokens.
    "#);
}

#[test]
fn token_of_another_app_is_reported() {
    let payload = serde_json::json!({"sub": "cs-2", "appId": "cs-2", "jti": "1", "exp": 4_000_000_000_u64});
    let other = with_token(&payload);
    assert_eq!(other.code, 4);
    assert_same!(error_and_hint(&other), @r#"
    error: the platform does not accept the token: HTTP 401, "the token is of another app"
    hint: Make a new token with the app of this account, and put it where this one came from (ROLLCALL_TOKEN or --token-file).
    "#);
}

#[test]
fn impossible_addresses_are_refused_before_anything_is_sent() {
    let (sealed, sandbox) = list_and_sandbox();
    for (host, message) in [
        ("http://platform.example.com", "would send credentials in the clear"),
        ("https://platform.example.com/api", "has a path; use https://platform.example.com"),
        ("platform.example.com", "has no scheme; use https://platform.example.com"),
        ("ftp://platform.example.com", "is not a web address"),
    ] {
        let mut command = command(&sealed, &sandbox);
        command.env("ROLLCALL_HOST", host);
        let output = ended(command);
        assert_eq!(output.code, 2, "{host}");
        assert!(output.stderr.contains(message), "{}", output.stderr);
        assert!(!sealed.path("out").exists());
    }
}

#[test]
fn proxy_of_the_environment_is_used_and_named_if_it_fails() {
    let (sealed, sandbox) = list_and_sandbox();
    let (sender, requests) = mpsc::channel();
    let proxy = Scripted::serve(move |request| {
        sender.send(format!("{} {}", request.method, request.target)).unwrap();
        Reply::Answer(502, String::new())
    });
    let address = proxy.address();
    let mut command = command(&sealed, &sandbox);
    command.env("ROLLCALL_HOST", "https://platform.example.com");
    command.env("HTTPS_PROXY", format!("http://me:canary@{address}"));
    let ended = ended(command);
    assert_eq!(requests.recv().unwrap(), "CONNECT platform.example.com:443");
    assert_eq!(ended.code, 4);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    let output = error_and_hint(&ended).replace(&address.to_string(), "127.0.0.1:PORT");
    assert_same!(output, @r"
    error: https://platform.example.com cannot be reached through the proxy http://127.0.0.1:PORT (HTTPS_PROXY): tunnel error: unsuccessful (1 attempt)
    hint: Check --host and the proxy that the environment names; then run the same command again.
    ");

    // A loopback address uses no proxy, so the message names none.
    let mut command = self::command(&sealed, &sandbox);
    command.env("HTTPS_PROXY", format!("http://{address}")).env("HTTP_PROXY", format!("http://{address}"));
    assert_eq!(crate::sealed::ended(command).code, 0);
}
