"""Writes names.tsv: the names of countries, in the form in which names are compared, and their codes.

usage: generate.py CLDR-LOCALENAMES-FULL I18N-ISO-COUNTRIES
"""

import json
import pathlib
import sys
import unicodedata

# Codes in Unicode for regions without telephone numbers of their own, and the countries whose numbers they use.
BELONGS_TO = {"IC": "ES", "EA": "ES", "DG": "IO"}
NO_COUNTRY = {"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO", "CP"}

# Letters without a decomposition that people often type as other letters.
LETTERS = {"ß": "ss", "ı": "i", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ي": "ی", "ى": "ی", "ς": "σ", "ك": "ک", "ة": "ه"}

# Substitutes for German letters that a keyboard lacks.
GERMAN = str.maketrans({"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue"})


def is_dropped_mark(letter):
    """Tests for accents of Latin, Greek and Cyrillic letters, and for vowel signs that Arabic and Hebrew usually omit."""
    return (
        "\u0300" <= letter <= "\u036f"
        or "\u064b" <= letter <= "\u065f"
        or letter == "\u0670"
        or "\u0591" <= letter <= "\u05bd"
        or letter in "\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    )


def fold(name):
    """Folds a name like `folded` in names.rs; a test compares the two."""
    letters = []
    for letter in unicodedata.normalize("NFKD", name):
        if is_dropped_mark(letter):
            continue
        if letter.isalnum() or unicodedata.category(letter).startswith("M"):
            letters += [LETTERS.get(lower, lower) for lower in letter.lower()]
        else:
            letters.append(" ")
    words = ["saint" if word == "st" else word for word in "".join(letters).split()]
    if words[:1] == ["the"]:
        words = words[1:]
    joined, single = [], ""
    for word in words[:1] + [word for word in words[1:] if word != "and"] + [""]:
        if len(word) == 1 and word.isascii():
            single += word
            continue
        joined += [single] * bool(single) + [word] * bool(word)
        single = ""
    return unicodedata.normalize("NFC", " ".join(joined))


class Names:
    """Names by source, the most trusted source first."""

    def __init__(self):
        self.sources = []

    def source(self):
        self.sources.append({})
        return self.sources[-1]

    def decided(self, codes):
        """Returns each name with its country, unless equally trusted sources disagree."""
        decided = {}
        for source in self.sources:
            for name, regions in source.items():
                if name and name not in decided:
                    decided[name] = min(regions) if len(regions) == 1 else None
        own = self.sources[0]
        is_code = lambda name: name in codes or len(name) < 3 and name.isascii() and name not in own
        return {name: region for name, region in decided.items() if region and not is_code(name)}


def add(source, name, region):
    # Joined initials may form a word that is folded again.
    source.setdefault(fold(fold(name)), set()).add(region)


def main(cldr, countries):
    names = Names()
    own, english, others, further = (names.source() for _ in range(4))
    for line in pathlib.Path("other_names.tsv").read_text(encoding="utf-8").splitlines():
        name, region = line.split("\t")
        add(own, name, region)
    for path in sorted(cldr.glob("main/*/territories.json")):
        (locale, content), = json.loads(path.read_text(encoding="utf-8"))["main"].items()
        for key, name in content["localeDisplayNames"]["territories"].items():
            region = key.split("-")[0]
            if len(region) == 2 and region.isalpha() and region not in NO_COUNTRY and name != region:
                region = BELONGS_TO.get(region, region)
                add(english if locale == "en" else others, name, region)
                if locale == "de" and set(name) & set("ÄÖÜäöü"):
                    add(others, name.translate(GERMAN), region)
    for path in sorted(countries.glob("langs/*.json")):
        for region, said in json.loads(path.read_text(encoding="utf-8"))["countries"].items():
            for name in [said] if isinstance(said, str) else said:
                add(further, name, region)
    codes = {three.lower(): two for two, three, *_ in json.loads((countries / "codes.json").read_text())}
    decided = names.decided(codes)
    decided |= codes | {"xkx": "XK"}
    rows = sorted((name.encode(), region) for name, region in decided.items())
    with open("names.tsv", "wb") as table:
        table.writelines(b"%s\t%s\n" % (name, region.encode()) for name, region in rows)
    version = json.loads((cldr / "package.json").read_text())["version"]
    pathlib.Path("names.version").write_text(version + "\n")
    print(f"{len(rows)} names, Unicode CLDR {version}")


main(*map(pathlib.Path, sys.argv[1:]))
