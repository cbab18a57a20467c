//! A name in a settings file that is refused.

/// A name that is refused.
#[derive(Debug)]
pub(super) struct Misplaced {
    /// The tables that contain the name, and the name.
    pub(super) path: Vec<String>,
    pub(super) reason: String,
    /// What to do; `None` if there is no such option.
    pub(super) hint: Option<&'static str>,
}

impl Misplaced {
    pub(super) fn new(name: &str, reason: String) -> Self {
        Self { path: vec![name.to_owned()], reason, hint: None }
    }

    pub(super) fn elsewhere(name: &str, reason: String, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..Self::new(name, reason) }
    }

    /// Adds the table that contains the name.
    pub(super) fn in_table(mut self, table: &str) -> Self {
        self.path.insert(0, table.to_owned());
        self
    }
}
