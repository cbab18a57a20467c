//! The nearest of several names, for a mistyped one.

/// Returns the most similar name, if its similarity is more than `min`, from 0 to 1.
pub(in crate::cli) fn nearest<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    min: f64,
) -> Option<&'a str> {
    let similarity = |known: &&str| strsim::jaro_winkler(known, name);
    let nearest = known.max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    nearest.filter(|known| similarity(known) > min)
}
