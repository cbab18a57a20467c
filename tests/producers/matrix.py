#!/usr/bin/env python3
"""Lists as real programs write them: every signature in every format, every encoding with every delimiter.

Each file is imported by the built program into a sandbox of its own, and what the sandbox then holds is compared with what was
written. Prints a table; the exit code is 1 if anything differs.

    cargo build --release
    pip install openpyxl xlsxwriter pandas xlwt odfpy
    npm install xlsx exceljs            # in the folder given as --node
    python3 tests/producers/matrix.py --node FOLDER [--keep FOLDER]

LibreOffice (`soffice`) takes part if it is there.
"""

import argparse
import csv
import gzip
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / "target/release/rollcall"

# First name, last name, the mobile number as it is written, and as it is dialled.
PEOPLE = [
    ("José", "Núñez", "98765 43210", "919876543210"),
    ("Zoë", "Müller", "+49 171 1234567", "491711234567"),
    ("Asha", "Rao", "09876543211", "919876543211"),
]

# Which people an encoding can spell.
SCRIPTS = {
    "western": [(first, last) for first, last, *_ in PEOPLE],
    "central": [("Łukasz", "Żak"), ("Jiří", "Dvořák"), ("Gábor", "Kőszegi")],
    "cyrillic": [("Иван", "Петров"), ("Анна", "Смирнова"), ("Сергей", "Иванов")],
    "japanese": [("太郎", "山田"), ("花子", "佐藤"), ("一郎", "鈴木")],
    "chinese": [("伟", "王"), ("芳", "李"), ("敏", "张")],
}

ENCODINGS = [
    ("utf-8", "western", b"", "utf-8"),
    ("utf-8", "western", b"\xef\xbb\xbf", "utf-8"),
    ("utf-16-le", "western", b"\xff\xfe", "utf-16le"),
    ("utf-16-be", "western", b"\xfe\xff", "utf-16be"),
    ("utf-16-le", "western", b"", "utf-16le"),
    ("utf-16-be", "western", b"", "utf-16be"),
    ("cp1252", "western", b"", "windows-1252"),
    ("iso-8859-1", "western", b"", "windows-1252"),
    ("iso-8859-15", "western", b"", "windows-1252"),
    ("cp1250", "central", b"", "windows-1250"),
    ("iso-8859-2", "central", b"", "iso-8859-2"),
    ("cp1251", "cyrillic", b"", "windows-1251"),
    ("iso-8859-5", "cyrillic", b"", "iso-8859-5"),
    ("koi8-r", "cyrillic", b"", "koi8-u"),
    ("shift_jis", "japanese", b"", "shift_jis"),
    ("gb18030", "chinese", b"", "gb18030"),
]

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def signatures():
    """Rows as a source writes them: its header, and a row a person."""

    def rows(header, row):
        return [header] + [[str(cell) for cell in row(*person)] for person in PEOPLE]

    fax = "+49 30 999999"
    return {
        "platform": rows(
            ["firstName", "lastName", "salutation", "cellPhoneNumber", "cellPhoneCountryCode", "cellPhoneExtension"],
            lambda f, l, _, n: [f, l, "Mr", n[2:], "+" + n[:2], "+" + n[:2]],
        ),
        "platform list": rows(
            ["firstName", "lastName", "phoneNumber", "timeZone", "uniqueId", "contactPriority"],
            lambda f, l, w, _: [f, l, w, "Asia/Kolkata", "U-" + l, "1"],
        ),
        "Google": rows(
            ["First Name", "Middle Name", "Last Name", "Name Prefix", "Labels", "Phone 1 - Label", "Phone 1 - Value",
             "Phone 2 - Label", "Phone 2 - Value"],
            lambda f, l, w, _: [f, "", l, "Ms", "* myContacts", "Work Fax", fax, "Mobile", w + " ::: +1 212 555 0142"],
        ),
        "Google, older": rows(
            ["Name", "Given Name", "Additional Name", "Family Name", "Name Prefix", "Phone 1 - Type", "Phone 1 - Value"],
            lambda f, l, w, _: [f + " " + l, f, "", l, "", "* Mobile", w],
        ),
        "Outlook": rows(
            ["Title", "First Name", "Middle Name", "Last Name", "Suffix", "Company", "Job Title", "Business Fax",
             "Business Phone", "Home Phone", "Mobile Phone", "Pager"],
            lambda f, l, w, _: ["Ms.", f, "", l, "", "Example Ltd", "Clerk", fax, "+49 30 231250", "", w, ""],
        ),
        "HubSpot": rows(
            ["First name", "Last name", "Email", "Phone number", "Mobile phone number", "Lifecycle stage"],
            lambda f, l, w, _: [f, l, "a@example.com", "", w, "lead"],
        ),
        "HubSpot, internal": rows(
            ["firstname", "lastname", "phone", "mobilephone"], lambda f, l, w, _: [f, l, "+49 30 231250", w]
        ),
        "Salesforce": rows(
            ["Salutation", "FirstName", "LastName", "Name", "Title", "Phone", "MobilePhone", "DoNotCall"],
            lambda f, l, w, _: ["Ms.", f, l, f + " " + l, "Director", "+49 30 231250", w, "false"],
        ),
        "Salesforce, capitals": rows(
            ["SALUTATION", "FIRSTNAME", "LASTNAME", "PHONE", "MOBILEPHONE", "TITLE"],
            lambda f, l, w, _: ["Ms.", f, l, "+49 30 231250", w, "Director"],
        ),
        "VICIdial": rows(
            ["phone_code", "phone_number", "title", "first_name", "last_name"],
            lambda f, l, _, n: [n[:2], n[2:], "Ms", f, l],
        ),
        "Cisco": rows(
            ["Account Number", "First Name", "Last Name", "Phone1", "Phone2", "Phone3"],
            lambda f, l, w, _: ["4711", f, l, w, "+49 30 231250", ""],
        ),
        "Five9": rows(
            ["number1", "number2", "number3", "first_name", "last_name"],
            lambda f, l, w, _: ["", w, "+49 30 231250", f, l],
        ),
        "Genesys": rows(
            ["FirstName", "LastName", "HomePhone", "WorkPhone", "CellPhone"],
            lambda f, l, w, _: [f, l, "+49 30 231250", "", w],
        ),
        "German": rows(["Anrede", "Vorname", "Nachname", "Handy"], lambda f, l, w, _: ["Frau", f, l, w]),
        "Spanish": rows(["Nombre", "Apellidos", "Teléfono"], lambda f, l, w, _: [f, l, w]),
        "French": rows(["Civilité", "Prénom", "Nom", "Téléphone"], lambda f, l, w, _: ["Mme", f, l, w]),
        "full name, country": rows(
            ["Contact Name", "WhatsApp", "Country"],
            lambda f, l, _, n: [f + " " + l, n[2:], "India" if n.startswith("91") else "Germany"],
        ),
    }


def cards(version):
    def card(first, last, written, _):
        if version == "2.1":
            quoted = "".join(f"={byte:02X}" for byte in f"{last};{first};;;".encode()).replace("=3B", ";")
            name = f"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{quoted}"
            phones = f"TEL;HOME;FAX:+49 30 999999\r\nTEL;CELL;PREF:{written}"
        elif version == "3.0":
            # As a telephone exports them: grouped, with a label of its own.
            name = f"N:{last};{first};;;\r\nFN:{first} {last}"
            phones = f"item1.TEL;type=pref:{written}\r\nitem1.X-ABLabel:_$!<Mobile>!$_"
        else:
            name = f"FN:{first} {last}\r\nN:{last};{first};;;"
            phones = f'TEL;VALUE=uri;TYPE="voice,cell":tel:{written.replace(" ", "-")}'
        return f"BEGIN:VCARD\r\nVERSION:{version}\r\n{name}\r\n{phones}\r\nEND:VCARD\r\n"

    return "".join(card(*person) for person in PEOPLE).encode()


def spelled(rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def write_openpyxl(path, rows):
    import openpyxl

    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.save(path)


def write_xlsxwriter(path, rows):
    import xlsxwriter

    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)


def write_xlwt(path, rows):
    import xlwt

    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Contacts")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    workbook.save(str(path))


def write_pandas(path, rows, how):
    import pandas

    frame = pandas.DataFrame(rows[1:], columns=rows[0])
    if how == "csv":
        frame.to_csv(path)
    elif how == "json":
        frame.to_json(path, orient="records", force_ascii=False)
    elif how == "ndjson":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_excel(path, index=False, engine="odf" if how == "ods" else None)


def by_libreoffice(path, rows):
    """Writes a workbook and lets LibreOffice save it as what the name says."""
    source = path.with_name("from-" + path.stem + ".xlsx")
    write_openpyxl(source, rows)
    kind = path.suffix[1:]
    # UTF-8, comma, quotes only where needed.
    kind = "csv:Text - txt - csv (StarCalc):44,34,76,1" if kind == "csv" else kind
    with tempfile.TemporaryDirectory() as folder:
        home = f"-env:UserInstallation=file://{path.parent}/office"
        command = ["soffice", home, "--headless", "--convert-to", kind, "--outdir", folder, str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        shutil.move(next(Path(folder).iterdir()), path)
    source.unlink()


def held(path, folder, region):
    """What a sandbox holds after an import, and the format and encoding found."""
    shutil.rmtree(folder / "run", ignore_errors=True)
    (folder / "run").mkdir()
    data = folder / "run/contacts.sqlite"
    config = folder / "run/rollcall.toml"
    config.write_text("")
    command = [PROGRAM, "sandbox", "--config", config, "--rate-limit", "100000", "--data", data]
    environment = dict(os.environ, HOME=str(folder))
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
    try:
        for line in server.stdout:
            name, is_setting, value = line.strip().removeprefix("export ").partition("=")
            if is_setting:
                environment[name] = value.strip("'\"")
            if name == "ROLLCALL_CLIENT_SECRET":
                break
        out = folder / "run/out"
        command = [PROGRAM, "import", path, "--config", config, "--out", out, "--yes", "--rate", "100000", "--region", region,
                   "--default-salutation", "Mr"]
        ended = subprocess.run(command, capture_output=True, env=environment, text=True, timeout=60)
        if not (out / "report.json").exists():
            return f"exit {ended.returncode}: {ended.stderr.strip()}", None, None
        found = json.loads((out / "report.json").read_text())["inputs"][0]
    finally:
        server.terminate()
        server.wait()
    contacts = [json.loads(text) for (text,) in sqlite3.connect(data).execute("SELECT contact FROM contacts")]
    return contacts, found["format"], found.get("encoding")


def people_of(contacts):
    def number(contact):
        phone = contact["cellPhone"] if "cellPhone" in contact else contact
        text = "".join(str(value) for key, value in phone.items() if key == "phoneNumber")
        return text.lstrip("+")

    return sorted((contact.get("firstName"), contact.get("lastName"), number(contact)) for contact in contacts)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--node", type=Path, required=True, help="folder with node_modules")
    arguments.add_argument("--keep", type=Path, help="keep the files here")
    arguments = arguments.parse_args()
    folder = Path(tempfile.mkdtemp())
    files = arguments.keep.resolve() if arguments.keep else folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    cases, node = [], []  # group, column, path, names, encoding, region

    def add(group, column, name, names=None, encoding=None, region="IN"):
        cases.append((group, column, files / name, names or SCRIPTS["western"], encoding, region))
        return files / name

    for signature, rows in signatures().items():
        stem = signature.replace(", ", "-").replace(" ", "-")
        for kind, delimiter in DELIMITERS.items():
            add(signature, kind, f"{stem}.{kind}.csv").write_text(spelled(rows, delimiter), newline="")
        write_pandas(add(signature, "CSV, pandas", f"{stem}.pandas.csv"), rows, "csv")
        write_openpyxl(add(signature, "XLSX, openpyxl", f"{stem}.openpyxl.xlsx"), rows)
        write_xlsxwriter(add(signature, "XLSX, xlsxwriter", f"{stem}.xlsxwriter.xlsx"), rows)
        write_pandas(add(signature, "XLSX, pandas", f"{stem}.pandas.xlsx"), rows, "xlsx")
        write_xlwt(add(signature, "XLS, xlwt", f"{stem}.xlwt.xls"), rows)
        write_pandas(add(signature, "ODS, pandas", f"{stem}.pandas.ods"), rows, "ods")
        write_pandas(add(signature, "JSON, pandas", f"{stem}.json"), rows, "json")
        write_pandas(add(signature, "NDJSON, pandas", f"{stem}.ndjson"), rows, "ndjson")
        for by, kind in [("exceljs", "xlsx"), ("xlsx", "xlsx"), ("xlsm", "xlsm"), ("xlsb", "xlsb"), ("biff8", "xls"), ("ods", "ods")]:
            maker = "exceljs" if by == "exceljs" else "SheetJS"
            path = add(signature, f"{kind.upper()}, {maker}", f"{stem}.{maker}.{kind}")
            node.append(json.dumps({"by": by, "path": str(path), "rows": rows}))
        if shutil.which("soffice"):
            for kind in ["csv", "xlsx", "xls", "ods"]:
                by_libreoffice(add(signature, f"{kind.upper()}, LibreOffice", f"{stem}.office.{kind}"), rows)
    for version in ["2.1", "3.0", "4.0"]:
        for packed in ["", ".gz"]:
            path = add("vCard", version + packed, f"cards-{version}.vcf{packed}")
            path.write_bytes(gzip.compress(cards(version)) if packed else cards(version))
    for encoding, script, mark, expected in ENCODINGS:
        names = SCRIPTS[script]
        rows = [["First name", "Last name", "Mobile"]]
        rows += [[first, last, person[2]] for (first, last), person in zip(names, PEOPLE)]
        label = encoding + (", mark" if mark else "")
        for kind, delimiter in DELIMITERS.items():
            text = spelled(rows, delimiter)
            for packed in ["", ".gz"]:
                path = add(label, kind + packed, f"{label.replace(', ', '-')}.{kind}.csv{packed}", names, expected)
                content = mark + text.encode(encoding)
                path.write_bytes(gzip.compress(content) if packed else content)
    subprocess.run(["node", HERE / "write.mjs"], input="\n".join(node), text=True, check=True, cwd=arguments.node)

    results, differing = {}, 0
    for group, column, path, names, encoding, region in cases:
        contacts, found_format, found_encoding = held(path, folder, region)
        expected = sorted((first, last, person[3]) for (first, last), person in zip(names, PEOPLE))
        if isinstance(contacts, str):
            cell = "refused"
            print(f"{path.name}: {contacts}", file=sys.stderr)
        elif people_of(contacts) != expected:
            cell = "differs"
            print(f"{path.name}: {people_of(contacts)} for {expected}", file=sys.stderr)
        elif encoding and found_encoding != encoding:
            cell = f"right, as {found_encoding}"
        else:
            cell = "right"
        differing += not cell.startswith("right")
        results.setdefault(group, {})[column] = cell
    for group, row in results.items():
        told = {}
        for column, cell in row.items():
            told.setdefault(cell, []).append(column)
        spelled_out = [f"{cell}: {len(columns)} ({'; '.join(columns)})" for cell, columns in told.items()]
        print(f"| {group} | " + " · ".join(spelled_out) + " |")
    print(f"{len(cases)} files, {differing} not right")
    shutil.rmtree(folder)
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
