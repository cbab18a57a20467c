//! Words in and around names: parts of family names, additions after names, and words that show that a text is not a
//! person's name.

use std::sync::LazyLock;

use crate::stable::Stable;

/// A set of words in lowercase. A filter rejects almost all other words without a comparison.
pub(in crate::normalize) struct WordSet {
    words: Vec<&'static str>,
    filter: Filter,
    /// A bit for the first letter of each word, for words that are not ASCII.
    first_letters: u128,
}

impl WordSet {
    pub(in crate::normalize) fn new(words: &[&'static str]) -> Self {
        let mut filter = Filter::default();
        let mut first_letters = 0;
        for word in words {
            filter.add(word);
            first_letters |= Self::first_letter(word);
        }
        Self { words: words.to_vec(), filter, first_letters }
    }

    /// Returns the bit of a word's first letter in lowercase.
    fn first_letter(word: &str) -> u128 {
        let small = |letter: char| {
            Stable::of(letter).map(|stable| stable.small).or_else(|| letter.to_lowercase().next())
        };
        word.chars().next().and_then(small).map_or(0, |letter| 1 << (u32::from(letter) % 128))
    }

    /// Returns whether the set contains the word, in uppercase or lowercase.
    #[inline]
    pub(in crate::normalize) fn contains(&self, word: &str) -> bool {
        let may_have = self.filter.may_have(word)
            || !word.is_ascii() && self.first_letters & Self::first_letter(word) != 0;
        may_have && self.compares_equal(word)
    }

    /// Returns whether a word of the set has the same first and last byte, regardless of the rest.
    pub(in crate::normalize) fn has_ends_of(&self, word: &str) -> bool {
        self.filter.lengths[Filter::place(word.as_bytes())] != 0
    }

    /// Iterates over all words.
    pub(in crate::normalize) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().copied()
    }

    #[inline(never)]
    fn compares_equal(&self, word: &str) -> bool {
        if word.is_ascii() {
            return self.words.iter().any(|known| known.eq_ignore_ascii_case(word));
        }
        self.words.contains(&word.to_lowercase().as_str())
    }
}

/// A filter that rejects most words that are not in a set, by their first and last byte and their length.
pub(super) struct Filter {
    /// By first and last byte: the lengths of the words in bytes, one bit each.
    lengths: [u32; 1024],
}

impl Default for Filter {
    fn default() -> Self {
        Self { lengths: [0; 1024] }
    }
}

impl Filter {
    pub(super) fn add(&mut self, word: &str) {
        self.lengths[Self::place(word.as_bytes())] |= Self::length(word);
    }

    /// Returns whether the word may be one of the added words, in ASCII uppercase or lowercase.
    #[inline]
    pub(super) fn may_have(&self, word: &str) -> bool {
        self.lengths[Self::place(word.as_bytes())] & Self::length(word) != 0
    }

    /// Returns the index of words with the same ends, in ASCII uppercase or lowercase.
    fn place(word: &[u8]) -> usize {
        let [first, last] = [word.first(), word.last()].map(|byte| byte.copied().unwrap_or_default());
        (usize::from(first & 0x1f) << 5) | usize::from(last & 0x1f)
    }

    fn length(word: &str) -> u32 {
        1 << word.len().min(31)
    }
}

macro_rules! word_set {
    ($(#[$doc:meta])* $name:ident: $($word:literal)*) => {
        $(#[$doc])*
        pub(in crate::normalize) static $name: LazyLock<WordSet> = LazyLock::new(|| WordSet::new(&[$($word),*]));
    };
}

word_set! {
    /// Words that belong to the family name if they precede its last word.
    PARTICLES:
    "'s" "'t" "a/l" "a/p" "abd" "abdel" "abdul" "abu" "af" "al" "ap" "av" "aw" "ben" "bin"
    "bint" "binte" "binti" "bt" "bte" "d" "d'" "d/o" "da" "dal" "dalla" "dalle" "das" "de" "degli" "dei" "del" "dela"
    "dell'" "della" "delle" "dello" "dem" "den" "der" "des" "di" "do" "dos" "du" "ed" "el" "ferch" "het" "ibn"
    "la" "las" "le" "les" "lo" "los" "mac" "nic" "ní" "op" "ould" "s/o" "saint" "sainte" "san" "santa" "st"
    "ten" "ter" "thor" "tot" "ua" "uí" "van" "vande" "vanden" "vander" "vd" "vom" "von" "zu" "zum" "zur" "’t"
    "ó" "ван" "де" "дер" "фон" "أبو" "آل" "ابن" "بن" "بنت" "בן" "בת"
}

word_set! {
    /// Particles only in lowercase: with a capital letter, they are names of their own.
    SMALL_PARTICLES: "am" "an" "auf" "bar" "bij" "im" "in" "li" "over" "te" "uit"
}

word_set! {
    /// Words between two family names of one person, as in `Ortega y Gasset`.
    FAMILY_CONJUNCTIONS: "e" "i" "y"
}

word_set! {
    /// Words between the names of two people.
    PEOPLE_CONJUNCTIONS: "&" "+" "and" "et" "og" "och" "u." "und"
}

word_set! {
    /// Words for all members of a household.
    HOUSEHOLDS: "couple" "eheleute" "ehepaar" "fam" "familia" "famille" "familie" "family" "household"
}

word_set! {
    /// Korean and Chinese family names that precede a given name of two hyphenated syllables.
    HYPHENATED_FAMILIES:
    "ahn" "bae" "chan" "chang" "chen" "cheung" "cho" "choi" "chow" "chung" "han" "ho" "hong" "hwang" "jang" "jeong" "jung" "kang"
    "kim" "kwon" "lam" "lau" "lee" "leung" "lim" "lin" "moon" "ng" "oh" "park" "seo" "shin" "song" "tan" "tsai" "wong" "wu" "yang"
    "yi" "yoo" "yoon" "yu"
}

word_set! {
    /// Additions that distinguish people from parents of the same name. They stay with the family name.
    GENERATIONS: "2nd" "3rd" "4th" "fils" "ii" "iii" "iv" "jnr" "jr" "snr" "sr" "vi" "vii"
}

word_set! {
    /// Such additions that can also be a family name.
    GENERATION_NAMES: "filha" "filho" "hijo" "junior" "júnior" "neta" "neto" "senior" "sobrinho"
}

word_set! {
    /// Degrees, certificates and orders, without periods, that are never names.
    CREDENTIALS:
    "acca" "acii" "aia" "aicp" "aprn" "barch" "bba" "bcom" "bds" "beng" "bpharm" "bsc" "bsn" "btech" "capm" "cbe" "ccie"
    "ccna" "ccnp" "ceh" "cfa" "cfe" "cfp" "chartered" "chfc" "cima" "cipd" "cipm" "cipp" "cisa" "cism" "cissp" "clu" "cmgr"
    "cnm" "comptia" "cpa" "cpcu" "cphq" "crisc" "crna" "csm" "cspo" "cssbb" "cssgb" "dba" "dbe" "dds" "deng" "dipl" "dmd"
    "dnp" "dphil" "dsc" "dvm" "edd" "emba" "eng" "esq" "esquire" "faia" "fca" "fcca" "fnp" "fracp" "frcp" "frcs" "frm" "frs"
    "gphr" "iosh" "itil" "jd" "kbe" "lcsw" "leed" "llb" "llm" "lmft" "lpc" "lpn" "march" "mba" "mbbs" "mbchb" "mbe" "mcom"
    "mdiv" "meng" "mfa" "mpa" "mph" "mphil" "mpp" "mps" "mrcgp" "mrcp" "mrcs" "mrics" "msc" "msn" "msw" "mtech" "ncarb"
    "nebosh" "obe" "ofm" "oscp" "pgce" "pgdip" "pharmd" "phd" "phr" "pmi" "pmp" "prince2" "psyd" "qfa" "rdn" "rgn" "rhia"
    "sphr" "sscp" "thd" "usaf" "usmc" "usn"
}

word_set! {
    /// Degrees that can also be names. They count in capital letters next to lowercase ones, or with periods.
    SHORT_CREDENTIALS:
    "aca" "ap" "ba" "bs" "ca" "cha" "cma" "cs" "dc" "do" "dr" "fda" "fd" "hons" "kc" "ma" "mad" "md" "me" "ms" "mvo" "np"
    "od" "op" "osb" "ot" "oxon" "pa" "pac" "pe" "pg" "pt" "qc" "ra" "rd" "ret" "rn" "rph" "se" "sj" "std"
}

word_set! {
    /// Positions of people, after a name.
    POSITIONS:
    "accountant" "assistant" "attorney" "ceo" "cfo" "chairman" "cio" "cmo" "consultant" "coo" "cto" "director" "directeur"
    "engineer" "founder" "geschäftsführer" "geschäftsführerin" "gerente" "head" "inhaber" "inhaberin" "lawyer" "manager"
    "managing" "officer" "owner" "president" "representative" "sales" "secretary" "supervisor" "vp"
}

word_set! {
    /// Words that show that a name belongs to a company or a club.
    COMPANIES:
    "abteilung" "apotheke" "association" "autohaus" "clinic" "department" "company" "consulting" "corp" "corporation" "eirl" "enterprises" "eurl"
    "foundation" "gbr" "gmbh" "group" "gruppe" "holding" "holdings" "hotel" "inc" "incorporated" "industries" "kanzlei" "kft" "kgaa"
    "klinik"     "lda" "limited" "llc" "llp" "logistics" "ltd" "ltda" "mbh" "ohg" "oyj" "plc" "pharmacy" "praxis" "pty" "pvt" "restaurant" "sarl" "sasu"
    "services" "solutions" "srl" "sro" "stiftung" "systems" "team" "technologies" "universität" "university" "verband" "verein"
    "zrt" "ао" "зао" "оао" "ооо" "пао" "тов"
}

word_set! {
    /// Legal forms that can also be names. They count after a name, in capital letters next to lowercase ones, or with
    /// periods.
    SHORT_COMPANIES: "a/s" "ab" "ag" "aps" "as" "bv" "co" "ek" "ev" "kg" "nv" "oy" "sa" "sas" "se" "sl" "spa" "ug"
}

/// Parts of words that show that a name belongs to a company, in scripts without spaces.
pub(super) const COMPANY_PARTS: [&str; 6] = ["株式会社", "有限会社", "合同会社", "公司", "주식회사", "㈱"];

word_set! {
    /// Words before a former name.
    FORMER: "formerly" "geb" "geborene" "geborener" "nacida" "nata" "nee" "née" "né"
}

word_set! {
    /// Words and signs between a name and other text.
    SEPARATORS:
    "*" "-" "/" "//" ":" ";" "@" "attn" "c/o" "fao" "of" "z.h" "z.hd" "zhd" "|" "~" "–" "—" "•" "·" "→" "ép" "épouse" "vve" "veuve"
}

word_set! {
    /// Pronouns that people add to their names.
    PRONOUNS:
    "any" "all" "ella" "elle" "elles" "er" "ey" "he" "her" "hers" "him" "his" "ihm" "ihr" "il" "iel" "it" "ihn" "its" "lui"
    "sein" "she" "sie" "they" "them" "theirs" "their" "xe" "xem" "ze" "zir" "hir" "él" "ellos" "pronouns"
}

word_set! {
    /// Titles without a salutation. Before a name, they are not part of it.
    OTHER_TITLES:
    "ambassador" "captain" "colonel" "councillor" "dame" "lieutenant" "mgr" "reverend" "senator" "sergeant" "sir"
}

word_set! {
    /// Titles without a salutation, if a period marks them as abbreviations or another title precedes them. `Fr.` is a
    /// woman in German and a priest in English.
    SHORT_TITLES:
    "atty" "avv" "capt" "cllr" "cmdr" "col" "dott" "engr" "fr" "gen" "hon" "ing" "inż" "lic" "lt" "mag" "maj" "rev" "revd" "sen"
    "sgt"
}

word_set! {
    /// Leading family names, if the letters are Vietnamese.
    VIETNAMESE_FAMILIES:
    "bùi" "châu" "đào" "đinh" "đoàn" "dương" "đặng" "đỗ" "hà" "hoàng" "hồ" "huỳnh" "lâm" "lê" "lương" "lưu" "lý" "mai" "ngô"
    "nguyễn" "phạm" "phan" "phùng" "tạ" "tô" "trần" "triệu" "trịnh" "trương" "võ" "vũ" "vương"
}

/// Courtesy words after a name in East Asia.
pub(super) const COURTESIES: [&str; 8] = ["様", "さま", "さん", "殿", "님", "씨", "先生", "女士"];

/// Korean family names of two syllables.
pub(super) const TWO_SYLLABLES: [&str; 8] = ["남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case() {
        for word in ["van", "VAN", "Von", "’t", "ní", "NÍ", "a/l"] {
            assert!(PARTICLES.contains(word), "{word}");
        }
        for word in ["", "vann", "va", "Nina", "ø"] {
            assert!(!PARTICLES.contains(word), "{word}");
        }
    }

    #[test]
    fn words_are_lowercase_and_in_one_list_of_credentials() {
        for set in [
            &PARTICLES,
            &SMALL_PARTICLES,
            &FAMILY_CONJUNCTIONS,
            &PEOPLE_CONJUNCTIONS,
            &HOUSEHOLDS,
            &HYPHENATED_FAMILIES,
            &GENERATIONS,
            &GENERATION_NAMES,
            &CREDENTIALS,
            &SHORT_CREDENTIALS,
            &POSITIONS,
            &COMPANIES,
            &SHORT_COMPANIES,
            &FORMER,
            &SEPARATORS,
            &PRONOUNS,
            &OTHER_TITLES,
            &SHORT_TITLES,
            &VIETNAMESE_FAMILIES,
        ] {
            for word in &set.words {
                assert_eq!(word.to_lowercase(), *word);
            }
        }
        assert!(!SHORT_CREDENTIALS.words.iter().any(|word| CREDENTIALS.contains(word)));
        assert!(!SHORT_COMPANIES.words.iter().any(|word| COMPANIES.contains(word)));
    }
}
