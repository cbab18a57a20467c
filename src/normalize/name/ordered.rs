//! Full names in a column whose header puts the family name first, such as `Nom et prénom`.

use super::{
    Remark, Unclear,
    evidence::{begins_with_particle, is_capital_name, is_particle},
    full::{FullName, split_full},
};

/// Splits a cleaned full name that begins with the family name.
///
/// Of two words, the first is the family name. In longer names, particles, capital letters or a comma must show where
/// it ends.
pub(in crate::normalize) fn split_family_first(name: &str) -> Result<FullName, Unclear> {
    let read = split_full(name);
    let is_settled = name.contains(',')
        || matches!(&read, Ok(read) if read.remark == Some(Remark::FamilyFirst) || read.first.is_empty());
    if is_settled {
        return read;
    }
    let read = match read {
        Ok(read) => read,
        Err(unclear) if begins_with_particle(name) => unclear.last_word,
        Err(unclear) => return Err(unclear),
    };
    let words: Vec<&str> =
        read.first.split(' ').chain(read.last.split(' ')).filter(|word| !word.is_empty()).collect();
    let particles = words.iter().take_while(|word| is_particle(word)).count();
    let is_marked = words.last().is_some_and(|word| is_capital_name(word))
        && !words.iter().rev().skip(1).any(|word| is_capital_name(word));
    if is_marked {
        // Capital letters are stronger evidence than the header.
        return Ok(read);
    }
    let at = particles + 1;
    let (family, given) = (words[..at.min(words.len())].join(" "), words[at.min(words.len())..].join(" "));
    let turned = FullName { first: given, last: family, remark: Some(Remark::FamilyFirst), ..read };
    if words.len() <= at + 1 {
        return Ok(turned);
    }
    let before_last = words.len() - 1;
    let detail = format!(
        "first name `{}`, last name `{}`, or first name `{}`, last name `{}`",
        turned.first,
        turned.last,
        words[before_last],
        words[..before_last].join(" ")
    );
    Err(Unclear { detail, last_word: turned })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_name_ends_where_the_name_shows_it() {
        for (name, first, last) in [
            ("Dupont Jean", "Jean", "Dupont"),
            ("DUPONT Jean Luc", "Jean Luc", "DUPONT"),
            ("de la Cruz Juan", "Juan", "de la Cruz"),
            ("van der Berg Jan", "Jan", "van der Berg"),
            ("Dupont, Jean Luc", "Jean Luc", "Dupont"),
            ("Jean DUPONT", "Jean", "DUPONT"),
            ("Dr. Meier Anna", "Anna", "Meier"),
            ("DUPONT JEAN", "JEAN", "DUPONT"),
        ] {
            let read = split_family_first(name).unwrap();
            assert_eq!((read.first.as_str(), read.last.as_str()), (first, last), "{name}");
        }
        for name in ["Dupont Jean Luc", "García López Ana", "Dupont", "Dupont & Fils"] {
            assert!(split_family_first(name).is_err(), "{name}");
        }
        let detail = split_family_first("García López Ana").unwrap_err().detail;
        assert_eq!(
            detail,
            "first name `López Ana`, last name `García`, or first name `Ana`, last name `García López`"
        );
    }
}
