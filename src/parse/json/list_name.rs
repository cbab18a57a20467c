//! The names of lists in messages.

use super::survey::List;

/// Returns the list's name and size for a message.
pub(super) fn shown(list: &List) -> String {
    let name = plain_name(list);
    let unit = if list.count == 1 { "record" } else { "records" };
    format!("`{name}` ({} {unit})", list.count)
}

/// Returns the name by which `--sheet` chooses the list.
pub(super) fn plain_name(list: &List) -> String {
    let name = list.name();
    name.strip_suffix("[]").filter(|name| !name.is_empty()).unwrap_or(&name).to_owned()
}
