use proptest::prelude::*;

use super::*;

/// Returns first name, last name and salutation, or the detail of an unclear name.
fn split(name: &str) -> String {
    match split_full(name) {
        Ok(read) => {
            let title = read.salutation.map_or("", Salutation::as_str);
            format!("{title} {}|{}", read.first, read.last).trim_start().to_owned()
        }
        Err(unclear) => unclear.detail,
    }
}

fn is_unclear(name: &str, reason: &str) {
    let Err(unclear) = split_full(name) else { panic!("{name}: {}", split(name)) };
    assert!(unclear.detail.contains(reason), "{name}: {}", unclear.detail);
}

#[test]
fn last_word_with_its_particles_is_the_family_name() {
    for (name, parts) in [
        ("Asha Rao", "Asha|Rao"),
        ("Juan de la Cruz", "Juan|de la Cruz"),
        ("Clara von und zu Probenstein", "Clara|von und zu Probenstein"),
        ("Ahmad bin Abdullah", "Ahmad|bin Abdullah"),
        ("Ramasamy s/o Muthu", "Ramasamy|s/o Muthu"),
        ("José Ortega y Gasset", "José|Ortega y Gasset"),
        ("Pedro da Costa e Silva", "Pedro|da Costa e Silva"),
        ("Maria e Silva", "Maria|e Silva"),
        ("Ellen Jansen-de Boer", "Ellen|Jansen-de Boer"),
        ("Jean-Luc O'Neill", "Jean-Luc|O'Neill"),
        ("Van Morrison", "Van|Morrison"),
        // A single letter in capitals is an initial.
        ("John E Smith", "John E|Smith"),
        ("Walter D. Brooks", "Walter D.|Brooks"),
        // Source: python-nameparser issue 60.
        ("La Shawn K. Ford", "La Shawn K.|Ford"),
        ("Мария фон Берг", "Мария|фон Берг"),
        ("سارة بنت خالد", "سارة|بنت خالد"),
        ("ida vale", "ida|vale"),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
}

#[test]
fn comma_puts_the_family_name_first() {
    for (name, parts) in [
        ("Rao, Asha", "Asha|Rao"),
        ("Rao,Asha", "Asha|Rao"),
        ("de la Cruz, Juan", "Juan|de la Cruz"),
        ("Berg, Jan van den", "Jan|van den Berg"),
        ("García López, Ana María", "Ana María|García López"),
        ("Baker (Johnson), Jenny", "Jenny|Baker"),
        ("Smith, Jr., John", "John|Smith Jr."),
        ("Smith, John, Jr.", "John|Smith Jr."),
        ("Smith, John III", "John|Smith III"),
        ("Smith, John, PhD", "John|Smith"),
        ("Meier, Dr. Anna", "Dr Anna|Meier"),
        ("Dr. Meier, Anna", "Dr Anna|Meier"),
        ("Meier, Anna, Frau", "Mrs Anna|Meier"),
        ("Example Ltd, Ida Vale", "Ida|Vale"),
        ("КИМ, Анна", "Анна|КИМ"),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
}

#[test]
fn leading_title_becomes_the_salutation() {
    for (name, parts) in [
        ("Prof. Dr. Ulrike Lang", "Prof Ulrike|Lang"),
        ("Herr Dr. Jonas Lang", "Dr Jonas|Lang"),
        ("Dr. med. Jonas Kurz", "Dr Jonas|Kurz"),
        ("Dr.-Ing. Jonas Kurz", "Dr Jonas|Kurz"),
        ("Dipl.-Ing. (FH) Jonas Kurz", "Jonas|Kurz"),
        ("Miss Jane Doe", "Miss Jane|Doe"),
        ("Madame Anne Petit", "Mrs Anne|Petit"),
        ("MRS JANE DOE", "Mrs JANE|DOE"),
        ("Sra. Lucía de la Vega", "Mrs Lucía|de la Vega"),
        ("Rev. Martin Field", "Martin|Field"),
        ("Jane Doe (Mrs)", "Mrs Jane|Doe"),
        // A title belongs to the family name.
        ("Mrs Smith", "Mrs |Smith"),
        ("Dr. House", "Dr |House"),
        ("Meier, Frau", "Mrs |Meier"),
        ("Maja Ek", "Maja|Ek"),
        ("Vi Tran", "Vi|Tran"),
        ("Iv Petrov", "Iv|Petrov"),
        ("Dr.", "Dr |"),
        // Initials.
        ("M. K. Gandhi", "M. K.|Gandhi"),
        ("MS Dhoni", "MS|Dhoni"),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
}

#[test]
fn degrees_and_remarks_after_a_name_are_removed() {
    for (name, parts) in [
        ("John Doe Jr.", "John|Doe Jr."),
        ("John Doe, Jr.", "John|Doe Jr."),
        ("João Silva Filho", "João|Silva Filho"),
        ("John Paul II", "John|Paul II"),
        ("Jane Doerr, PhD, MBA", "Jane|Doerr"),
        ("Jane Doerr, M.Sc.", "Jane|Doerr"),
        ("Jane Doerr, LEED AP", "Jane|Doerr"),
        ("Kevin Moss, CISSP, CISM", "Kevin|Moss"),
        ("Kevin Moss DDS", "Kevin|Moss"),
        // Source: python-nameparser issue 68.
        ("Virginia G. Essandoh, J.D.", "Virginia G.|Essandoh"),
        ("Wm. Scott Magargee III", "Wm. Scott|Magargee III"),
        ("JANE DOERR PHD", "JANE|DOERR"),
        ("Li Ma", "Li|Ma"),
        ("ANNA LI MA", "ANNA LI|MA"),
        ("Max Stern (he/him)", "Max|Stern"),
        ("Max Stern he/him", "Max|Stern"),
        ("Max Stern - he/him", "Max|Stern"),
        ("Robert \"Bob\" Stone", "Robert|Stone"),
        ("Robert 'Bob' Stone", "Robert|Stone"),
        ("Ida Vale <ida@example.com>", "Ida|Vale"),
        ("Anna Meier geb. Schulz", "Anna|Meier"),
        ("Anna Vale NULL", "Anna|Vale"),
        ("Anna Vale -", "Anna|Vale"),
        ("Anna -", "Anna|-"),
        ("Born Meier", "Born|Meier"),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
}

#[test]
fn leading_family_name_is_recognized_by_its_letters() {
    for (name, parts) in [
        ("山田 太郎", "太郎|山田"),
        ("田中 一郎 様", "一郎|田中"),
        ("김 민수", "민수|김"),
        ("김민수", "민수|김"),
        ("ジョン・スミス", "ジョン|スミス"),
        ("Nguyễn Văn An", "Văn An|Nguyễn"),
        ("An Nguyễn", "An|Nguyễn"),
        ("Trần Thị Mai", "Thị Mai|Trần"),
        ("Lê Quang Huy", "Quang Huy|Lê"),
        ("Mai Anh Trần", "Mai Anh|Trần"),
        ("Kim Min-su", "Min-su|Kim"),
        ("Min-su Kim", "Min-su|Kim"),
        ("Иванова Анна Сергеевна", "Анна Сергеевна|Иванова"),
        ("Анна Сергеевна Иванова", "Анна Сергеевна|Иванова"),
        ("DUPONT Jean Luc", "Jean Luc|DUPONT"),
        ("VAN DER BERG Jan", "Jan|VAN DER BERG"),
        ("McDONALD John", "John|McDONALD"),
        ("Jean DUPONT", "Jean|DUPONT"),
        ("DJ Moss", "DJ|Moss"),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
    for (name, reason) in [
        ("山田太郎", "first name `太郎`, last name `山田`"),
        ("ヤマダ タロウ", "first name `タロウ`, last name `ヤマダ`"),
        ("남궁민수", "last name `남궁`"),
        ("陳 Tony", "because of its script"),
        ("LI Wei", "first name `Wei`, last name `LI`"),
    ] {
        is_unclear(name, reason);
    }
}

#[test]
fn names_of_couples_companies_and_single_words_are_unclear() {
    for (name, reason) in [
        ("Mr. & Mrs. Patrick Dunne", "two people, because of `&`"),
        ("Mr and Mrs Dunne", "two people, because of `and`"),
        // Source: NameParserSharp issue 4.
        ("Mr S Bloggs and Miss L Jones", "two people"),
        ("Mr R & Mrs J Bloggs", "two people"),
        // Source: python-nameparser issue 79.
        ("Rob And Beth Edmunds", "two people, because of `And`"),
        ("Juan y Ana García", "two people"),
        ("Sr. y Sra. García", "`Sra.`"),
        ("Smith, John & Mary", "two people"),
        ("John/Mary Smith", "two people"),
        ("Familie Meier", "two people"),
        // Source: owncloud/contacts issue 699.
        ("DMYV Deutscher Motoryachtverband e.V.", "a company, because of `e.V.`"),
        ("Example Exports Ltd", "a company, because of `Ltd`"),
        ("Muster & Co. KG", "a company"),
        ("Acme, Inc.", "a company, because of `Inc.`"),
        ("株式会社サンプル", "a company"),
        ("Prince", "a single word"),
        ("Doe, Jr.", "a single word"),
        ("John NULL", "a single word"),
        ("John Unknown", "a single word"),
        ("Rao, NULL", "a single word"),
        ("Rao, \\", "a single word"),
        ("Rao *!", "signs"),
        ("Anna (Rao)", "in brackets"),
        ("Bob (Robert Stone", "because of `(`"),
        ("van der Berg", "a last name alone"),
        ("Jr. Smith", "a last name"),
        ("Kevin Moss, XYZW", "`XYZW` is not a known title"),
        ("Jane Doerr, Sales Manager", "`Sales`"),
        ("Jane Doerr - Sales", "because of `-`"),
        ("Anna Rao c/o Meier", "because of `c/o`"),
        ("Estate of Ida Vale", "because of `of`"),
        ("Anna Rao; Ida Vale", "because of `Rao;`"),
        ("Anna Rao 2", "a name with a number"),
        ("Meier Dr. Anna", "the title `Dr.`"),
        ("Rao, Asha, Pune", "the commas"),
    ] {
        is_unclear(name, reason);
    }
}

#[test]
fn last_word_rule_removes_titles() {
    for (name, first, last) in [
        ("Mr. & Mrs. Patrick Dunne", "Patrick", "Dunne"),
        ("Kevin Moss, XYZW", "Kevin", "Moss"),
        ("Example GmbH", "Example", "GmbH"),
        ("LI Wei", "LI", "Wei"),
        ("Prince", "Prince", ""),
    ] {
        let last_word = split_full(name).unwrap_err().last_word;
        assert_eq!((last_word.first.as_str(), last_word.last.as_str()), (first, last), "{name}");
    }
}

proptest! {
    #[test]
    fn split_keeps_every_word(words in prop::collection::vec("[A-Z][a-z]{4,7}ax", 2..6)) {
        let name = words.join(" ");
        let read = split_full(&name).unwrap();
        prop_assert_eq!(format!("{} {}", read.first, read.last), name);
        prop_assert!(!read.first.is_empty() && !read.last.is_empty());
    }

    #[test]
    fn no_name_panics(name in "\\PC{0,24}|[A-Za-z&,.()\"'/ -]{0,24}|[山田가민ー・ a]{0,8}") {
        let clean = super::super::clean(&name).into_owned();
        if let Ok(read) = split_full(&clean) {
            prop_assert!(read.first == read.first.trim() && read.last == read.last.trim());
        }
    }
}
