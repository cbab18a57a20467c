//! `rollcall doctor` and the settings of an import.

use super::*;

/// Every setting at which an import ends before it reads or sends anything.
#[test]
fn doctor_names_every_setting_that_an_import_refuses() {
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
    let judge = |file: &str| {
        sealed.write("own.toml", file);
        let ended = sealed.run(&["doctor", "--config", "own.toml", "--json", "--state-dir", "state"]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        let findings: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        findings.into_iter().filter(|finding| finding["state"] == "bad").collect::<Vec<_>>()
    };
    let is_named = |bad: &[Value], subject: &str, said: &str| {
        bad.iter().any(|bad| bad["subject"] == subject && bad["found"].as_str().unwrap().contains(said))
    };
    // Some can only stand alone in a file; of the others, all are named at once.
    let mut names = HashSet::new();
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for setting in settings {
        let is_first = names.insert(setting.0.split([' ', '.']).next().unwrap());
        if is_first { together.push(setting) } else { alone.push(setting) }
    }
    let text: Vec<&str> = together.iter().map(|(setting, ..)| *setting).collect();
    let bad = judge(&text.join("\n"));
    for (setting, subject, said) in together {
        // With a column for the number, it is complete; that one is wrong itself.
        assert!(is_named(&bad, subject, said) || setting == "no-header = true", "{setting}: {bad:#?}");
    }
    for (setting, subject, said) in alone.into_iter().chain([settings[6]]) {
        let bad = judge(setting);
        assert!(is_named(&bad, subject, said), "{setting}: {bad:#?}");
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
    // The list is not there.
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    let said = said(&ended);
    for line in [
        "warning  sandbox      `sandbox` in own.toml uses a local platform (--no-sandbox uses the account);\n\
         \u{20}                     these settings are not used: host in own.toml\n",
        "good     reading      keep last, region IN, values country: 1 (own.toml)\n",
        "good     suppression  exclude-file dnc.csv, exclude-list cl-9 (own.toml)\n",
        "bad      suppression  the platform has no contact list cl-9: HTTP 404",
    ] {
        assert!(said.contains(line), "{said}");
    }
}
