#!/usr/bin/env python3
"""Counts the instructions of `rollcall check` on three lists of 20,000 rows, and compares them with instructions.txt.

The count hardly depends on the machine, so it shows a change of a few percent, which timings do not. It fails if a list
takes over 5 % more instructions than the file says.

    cargo build --release
    benches/instructions.py target/release/rollcall           compares
    benches/instructions.py target/release/rollcall --write   writes the file: after a gain, or after a cost that is worth it

Needs valgrind. `--profile LIST` leaves target/instructions/LIST.callgrind, for callgrind_annotate.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROWS = 20_000
ALLOWED = 1.05
HERE = pathlib.Path(__file__).resolve().parent
FIGURES = HERE / "instructions.txt"
FOLDER = HERE.parent / "target" / "instructions"

HEADER = "First Name,Last Name,Salutation,Mobile,Country,Email,City,Notes"
LATIN = "Asha,Li,Ann,José,Priya,Zoë,Marta,Ravi,Omar,Ines|Rao,Wei,Smith,García,Nair,van Dijk,Kowalska,Iyer,Haddad,Lund"
WORLD = "Αλέξανδρος,Иван,Мария,आशा,சரண்யா,محمد,דוד,伟,さくら,지우,สมชาย,გიორგი,Łukasz,Nguyễn|Παπαδόπουλος,Иванов,राव,குமார்,রায়,حسن,כהן,王,田中,김,ใจดี,Wałęsa,Trần,Öztürk"
CITIES = ["Pune", "London", "Berlin", "Chicago", "São Paulo", "Sydney"]
PLANS = [("IN", "91", "0", "98", 8), ("GB", "44", "0", "74", 8), ("DE", "49", "0", "151", 8),
         ("US", "1", "", "2012", 6), ("BR", "55", "0", "1196", 7), ("AU", "61", "0", "4", 8)]


class Random:
    """The same numbers on every machine (a linear congruential generator)."""

    def __init__(self):
        self.state = 42

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound

    def of(self, choices):
        return choices[self.below(len(choices))]


def number(row, random):
    country, code, trunk, begin, width = PLANS[row % len(PLANS)]
    national = begin + str(row // len(PLANS) + 2_000).zfill(width)
    head, tail = national[:-5], national[-5:]
    return country, random.of(
        [f"+{code}{national}", f"+{code} {head} {tail}", f"{trunk}{head}-{tail}", f"{trunk}{national}"])


def spoiled(mobile, random):
    return random.of(["", "unknown", f"{mobile}00000", f"+999{mobile}", f"{mobile} ask for the manager", "n/a"])


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def lines(kind):
    random = Random()
    firsts, lasts = [names.split(",") for names in (WORLD if kind == "world" else LATIN).split("|")]
    yield HEADER
    for row in range(ROWS):
        country, mobile = number(row - 40 if row % 50 == 49 else row, random)
        last, luck = random.of(lasts), random.below(100)
        if luck == 0:
            mobile = mobile[:6]
        elif luck == 1:
            mobile = "9.19877E+11"
        elif luck == 2:
            last = ""
        elif luck == 3:
            mobile += " ext. 12"
        elif luck < 15 and kind == "messy":
            mobile = spoiled(mobile, random)
        notes = ["", 'said "not before 5"', "first line\nsecond line", "call after 5, not before"]
        note = random.of(notes) if kind == "messy" else random.of(["", "", "", notes[3]])
        cells = [random.of(firsts), last, random.of(["Mr", "Mrs", "Ms", "Dr."]), mobile, country,
                 f"p{row}@example.com", random.of(CITIES), note]
        is_quoted = kind == "messy" and row % 2 == 0
        yield ",".join(quoted(cell) if is_quoted or any(c in cell for c in ',"\n') else cell for cell in cells)


def count(program, kind, keeps_profile):
    FOLDER.mkdir(parents=True, exist_ok=True)
    path, out = FOLDER / f"{kind}.csv", FOLDER / "out"
    path.write_text("\n".join(lines(kind)) + "\n", encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    profile = FOLDER / f"{kind}.callgrind" if keeps_profile else pathlib.Path("/dev/null")
    # Several threads would spend instructions on waiting.
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", program, "check", "--quiet",
               "--out", str(out), str(path)]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(FOLDER), "RAYON_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode not in (0, 1) or not found:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return int(found.group(1))


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    program = str(pathlib.Path(arguments[0]).resolve())
    profiled = arguments[arguments.index("--profile") + 1] if "--profile" in arguments else None
    found = {kind: count(program, kind, kind == profiled) for kind in ("plain", "world", "messy")}
    if "--write" in arguments:
        FIGURES.write_text("".join(f"{kind} {instructions}\n" for kind, instructions in found.items()))
    known = dict(line.split() for line in FIGURES.read_text().splitlines())
    has_grown = False
    for kind, instructions in found.items():
        ratio = instructions / int(known[kind])
        has_grown |= ratio > ALLOWED
        print(f"{kind:<6} {instructions:>13,} instructions, {ratio:.3f} of {int(known[kind]):,}")
    if has_grown:
        sys.exit("check takes over 5 % more instructions. --profile shows where; --write accepts the new figures.")


if __name__ == "__main__":
    main()
