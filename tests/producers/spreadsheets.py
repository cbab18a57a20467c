#!/usr/bin/env python3
"""rejected.xlsx in the programs that people open it with: openpyxl and LibreOffice.

Looks at the types, formats and comments of its cells, has LibreOffice open it and save it as XLSX, and as CSV with German and
American settings, and has rollcall read each of these again: the same rows are rejected for the same reasons, with the same
cells, digit by digit. Then fixes the rows, saves them in LibreOffice, and imports them together with the original.

    apt-get install libreoffice-calc
    pip install openpyxl
    python3 tests/producers/spreadsheets.py [--program target/debug/rollcall] [--keep FOLDER]

Prints a line for each part; the exit code is 1 if anything differs.
"""

import argparse
import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

HERE = Path(__file__).resolve().parent

GERMAN = '''Vorname;Nachname;Anrede;Mobil;Notiz
Zoë;Müller;;0171 1234567;01/02
Asha;Rao;;00491711234568;1,5
Ben;Low;;491711234569;=1+2
Eve;Marsh;;+49 171 1234570;1e5
Ann;Lee;Lady;01711234571;'+49 x
Ida;Hall;;01711234572;00123
Kim;Park;;491711234573000001;TRUE
Lou;Hill;;01711234574;"zwei
Zeilen; und ein ""Wort"""
Max;Berg;;01711234575;_x0041_
Tom;Wood;Frau;01711234576;gut
Jan;Voss;;01711234578;"x;=1+2|@SUM(1), +1"
Pia;Kern;;01711234579;"\u00a0=1+2
=1+2"
Rag;;Ged;Herr;01711234577;x
'''
AMERICAN = """Name,Prefix,Phone,Created
Mary Smith,,+1 (212) 555-0123,1/2/2026
John Jones,,+12125550124,2026-01-02
"""

# Separator, quotation mark, UTF-8, first line, no column formats, language, quote no text, as shown, no formulas, and all sheets.
# What a spreadsheet begins a formula with, and what it may take off before it looks; a number with its sign runs nothing.
RUN = re.compile(r"""[\s\u200b"]*[=+@＝＋－＠-](?![\d .()/-]*$)""")

SETTINGS = {"German": "59,34,76,1,,1031,false,true,false,false,false,-1", "American": "44,34,76,1,,1033,false,true,false,false,false,-1"}

failures = 0


def report(part, problems):
    global failures
    failures += len(problems)
    print(f"{'ok ' if not problems else 'BAD'}  {part}")
    for problem in problems:
        print(f"     {problem}")


def rollcall(program, folder, *args, codes=(0, 1)):
    ended = subprocess.run([program, *map(str, args)], cwd=folder, capture_output=True, text=True)
    if ended.returncode not in codes:
        sys.exit(f"rollcall {' '.join(map(str, args))}: {ended.returncode}\n{ended.stderr}")
    return ended


def office(folder, target, source, out):
    profile = (folder / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", target, "--outdir", str(out), str(source)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ended.returncode:
        sys.exit(f"soffice: {ended.stderr}")


def rejected(folder):
    """The user's cells and the code of each rejected row, from the files of the inputs."""
    rows = []
    for file in sorted(folder.glob("rejected-*.csv")):
        text = file.read_text(encoding="utf-8-sig")
        delimiter = next(letter for letter in text if letter in ";,")
        for row in csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter):
            cells = {name: value for name, value in row.items() if not name.startswith("rollcall_")}
            rows.append((cells, row.get("rollcall_extra_1") or "", row["rollcall_code"]))
    return rows


def compared(before, after):
    problems = [f"{len(before)} rows before, {len(after)} after"] if len(before) != len(after) else []
    return problems + [f"{old} became {new}" for old, new in zip(before, after) if old != new]


def run_by_some(path):
    """Cells of a CSV file that a program would run which splits at one of these."""
    text = path.read_text(encoding="utf-8-sig")
    found = []
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            found += [f"{path.name}, split at {separator!r}: {cell!r}" for cell in row if RUN.match(cell)]
    return found


def looked_at(path, is_own):
    """What openpyxl sees."""
    problems = []
    book = openpyxl.load_workbook(path)
    if book.sheetnames != ["Read me", "1 kontakte", "2 leads"]:
        problems.append(f"sheets: {book.sheetnames}")
    comments = 0
    for sheet in book.worksheets[1:]:
        # LibreOffice without a window keeps no frozen rows.
        if is_own and sheet.freeze_panes != "A2" or not sheet.auto_filter.ref:
            problems.append(f"{sheet.title}: frozen at {sheet.freeze_panes}, filter {sheet.auto_filter.ref}")
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None and (cell.data_type not in ("s", "inlineStr") or cell.number_format != "@"):
                    problems.append(f"{sheet.title} {cell.coordinate}: {cell.data_type} {cell.number_format} {cell.value!r}")
                if cell.hyperlink:
                    problems.append(f"{sheet.title} {cell.coordinate}: a link")
                comments += cell.comment is not None
                if (cell.comment is not None) != (cell.fill.fgColor.rgb == "FFFFC7CE"):
                    problems.append(f"{sheet.title} {cell.coordinate}: a color without a comment, or a comment without a color")
    if comments < 12:
        problems.append(f"{comments} comments")
    return problems


def fixed(source, target):
    """Fixes what is wrong, as a person would."""
    book = openpyxl.load_workbook(source)
    for sheet in book.worksheets[1:]:
        columns = {cell.value: cell.column for cell in sheet[1]}
        for row in range(2, sheet.max_row + 1):
            cell = lambda name: sheet.cell(row, columns[name])
            if "Anrede" in columns:
                if cell("Vorname").value == "Rag":
                    cell("Nachname").value, cell("Mobil").value, cell("Notiz").value = "Ged", "01711234577", "x"
                numbers = {"Kim": "0171 1234573", "Ben": "+491711234569"}
                if cell("Vorname").value in numbers:
                    cell("Mobil").value = numbers[cell("Vorname").value]
                cell("Anrede").value = "Frau"
            else:
                cell("Prefix").value = "Ms"
    book.save(target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, default=HERE.parent.parent / "target/debug/rollcall")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    program = options.program.resolve()
    folder = options.keep.resolve() if options.keep else Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kontakte.csv").write_text(GERMAN, encoding="utf-8")
    (folder / "leads.csv").write_text(AMERICAN, encoding="utf-8")
    read = ["--region", "DE", "-q", "--overwrite", "--out"]
    rollcall(program, folder, "check", "kontakte.csv", "leads.csv", *read, "once", codes=(1,))
    workbook, before = folder / "once/rejected.xlsx", rejected(folder / "once")
    report(f"openpyxl: {len(before)} rows in text cells with comments", looked_at(workbook, True))

    def again(name, files):
        rollcall(program, folder, "check", *files, *read, name)
        report(f"{name}: the same rows, cells and reasons", compared(before, rejected(folder / name)))

    again("as-written", [workbook])
    saved = folder / "saved"
    office(folder, "xlsx:Calc MS Excel 2007 XML", workbook, saved)
    again("saved-as-XLSX", [saved / "rejected.xlsx"])
    report("saved as XLSX: text cells with comments", looked_at(saved / "rejected.xlsx", False))
    office(folder, "ods", workbook, saved)
    again("saved-as-ODS", [saved / "rejected.ods"])
    for name, filter_options in SETTINGS.items():
        out = folder / f"csv-{name}"
        office(folder, f"csv:Text - txt - csv (StarCalc):{filter_options}", workbook, out)
        files = sorted(path for path in out.glob("*.csv") if "Read me" not in path.name)
        report(f"saved-as-CSV-{name}: no program runs a cell", [cell for file in files for cell in run_by_some(file)])
        again(f"saved-as-CSV-{name}", files)

    fixed(workbook, folder / "fixed.xlsx")
    office(folder, "xlsx:Calc MS Excel 2007 XML", folder / "fixed.xlsx", folder / "fixed")
    rollcall(program, folder, "import", "kontakte.csv", "leads.csv", "fixed/fixed.xlsx", "--sandbox", *read, "import")
    totals = json.loads((folder / "import/report.json").read_text())["totals"]
    # The good row of the original, the fixed ones, and the bad rows of the original once more.
    wanted = {"created": 1 + len(before), "rejected": len(before)}
    found = {name: totals[name] for name in wanted}
    report("fixed, saved and imported with the original", [] if found == wanted else [f"{found} and not {wanted}"])
    if not options.keep:
        shutil.rmtree(folder)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
