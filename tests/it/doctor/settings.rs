//! Checks of import settings by `rollcall doctor`.

use super::*;

/// The table has every setting that makes an import stop before it reads or sends anything.
#[test]
fn every_setting_that_an_import_refuses_is_named() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,+919876543210\n");
    sealed.write("names.csv", "Name,City\nAsha,Pune\n");
    sealed.write("masked.csv", "phone\n+9198765****0\n");
    sealed.write("taken.csv", "");
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "taken", "-q"]).code, 0);
    let settings = [
        ("keep = \"middle\"", "config file", "unknown variant `middle`"),
        ("sheet = true", "config file", "own.toml"),
        ("region = \"XX\"", "reading", "`XX`"),
        ("delimiter = \";;\"", "reading", "`;;`"),
        ("encoding = \"none\"", "reading", "`none`"),
        ("map = \"fone=1\"", "reading", "`fone`"),
        ("no-header = true", "reading", "--no-header"),
        ("types = \"mobil\"", "reading", "`mobil`"),
        ("default-salutation = \"Lord\"", "reading", "`Lord`"),
        ("values.country.A = \"Nowhere\"", "reading", "values.country"),
        ("batch-size = 0", "posting", "--batch-size"),
        ("max-rejected = \"many\"", "posting", "`many`"),
        ("wait = \"soon\"", "posting", "`soon`"),
        ("rate = 0", "requests", "--rate"),
        ("rate-per-hour = 0", "requests", "--rate-per-hour"),
        ("timeout = 0", "requests", "--timeout"),
        ("max-attempts = 0", "requests", "--max-attempts"),
        ("exclude-list = \"two words\"", "suppression", "`two words`"),
        ("exclude-campaign = \"two words\"", "suppression", "`two words`"),
        ("exclude-file = \"missing.csv\"", "suppression", "missing.csv"),
        ("exclude-file = \"names.csv\"", "suppression", "`City`"),
        ("exclude-file = \"masked.csv\"", "suppression", "masked.csv"),
        ("existing = \"gone.csv\"", "existing", "gone.csv"),
        ("existing-max-age = \"old\"", "existing", "`old`"),
        ("export = \"list.doc\"", "export", "list.doc"),
        ("export = \"taken.csv\"", "export", "taken.csv"),
        ("out = \"taken\"", "output", "taken/outcomes.csv"),
    ];
    for (setting, ..) in settings {
        sealed.write("own.toml", format!("{setting}\nsandbox = true\n"));
        let import = sealed.run(&["import", "list.csv", "--config", "own.toml", "-q"]);
        assert_eq!(import.code, 2, "{setting}: {}", import.stderr);
    }
    let bad_findings = |file: &str| {
        sealed.write("own.toml", file);
        let ended = sealed.run(&["doctor", "--config", "own.toml", "--json", "--state-dir", "state"]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        let findings: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        findings.into_iter().filter(|finding| finding["state"] == "bad").collect::<Vec<_>>()
    };
    let is_named = |bad: &[Value], subject: &str, text: &str| {
        bad.iter().any(|bad| bad["subject"] == subject && bad["found"].as_str().unwrap().contains(text))
    };
    // Some settings need a file of their own. All others are in one file, and doctor names them all.
    let mut names = HashSet::new();
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for setting in settings {
        let is_first = names.insert(setting.0.split([' ', '.']).next().unwrap());
        if is_first { together.push(setting) } else { alone.push(setting) }
    }
    let lines: Vec<&str> = together.iter().map(|(setting, ..)| *setting).collect();
    let bad = bad_findings(&lines.join("\n"));
    for (setting, subject, text) in together {
        // In this file, `map` names a column, so `no-header` alone is not an error.
        assert!(is_named(&bad, subject, text) || setting == "no-header = true", "{setting}: {bad:#?}");
    }
    for (setting, subject, text) in alone.into_iter().chain([settings[6]]) {
        let bad = bad_findings(setting);
        assert!(is_named(&bad, subject, text), "{setting}: {bad:#?}");
    }
}

#[test]
fn settings_of_files_are_shown_by_group_with_their_origin() {
    let sealed = Sealed::new();
    sealed.write("dnc.csv", "phone\n+919876543210\n");
    sealed.write(
        "own.toml",
        "sandbox = true\nhost = \"https://platform.example.com\"\nregion = \"IN\"\nkeep = \"last\"\n\
         exclude-file = \"dnc.csv\"\nexclude-list = \"cl-9\"\n[values.country]\nA = \"DE\"\n",
    );
    let ended = sealed.run(&["doctor", "--config", "own.toml"]);
    // The platform has no such list.
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    let output = findings(&ended);
    for line in [
        "warning  sandbox      `sandbox` in own.toml uses a local platform (--no-sandbox uses the account);\n\
         \u{20}                     these settings are not used: host in own.toml\n",
        "good     reading      keep last, region IN, values country: 1 (own.toml)\n",
        "good     suppression  exclude-file dnc.csv, exclude-list cl-9 (own.toml)\n",
        "bad      suppression  the platform has no contact list cl-9: HTTP 404",
    ] {
        assert!(output.contains(line), "{output}");
    }
}
