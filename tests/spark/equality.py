"""Compares the outcomes on Apache Spark with those of `rollcall check`: every row's outcome, code and number.

    python tests/spark/equality.py target/release/rollcall [ROWS]

Runs Spark's own small cluster: two workers with one core each, as separate processes. Needs `pyspark`, `pyarrow` and
Java.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples/spark"))
os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

import jsonschema
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import check
from rollcall_spark import normalize

COLUMNS = [
    "First Name",
    "Last Name",
    "Salutation",
    "Mobile",
    "Home Phone",
    "Country",
    "Do Not Call",
    "Lead Status",
    "Note",
]
READING = ["--region", "IN"]

# Numbers with another form: rows forbid the first one, which is also the second; contacts have the third, and a register
# the last. The code of Namibia looks like no value to some programs.
FORMS = ["+54 9 11 2345 6789", "+54 11 2345 6789", "+54 9 11 2345 6700", "+264 81 123 4567", "+54 9 11 2345 6711"]

# Cells that some spreadsheet would run as a formula, and some that none would.
FORMULAS = [
    "=1+1",
    " -x;+y",
    "'=1",
    "a@b, c",
    "\t=1",
    'x;"=1"',
    "\r\n@x",
    "\u3000\u200b\uff1d1",
    "''",
    "-",
    "a\n=b",
    ";'+1",
]


def phone(number, random):
    """Writes a number of one of four countries in one of its spellings."""
    kind = number % 5
    if kind == 0:
        return f"98765 {number % 100_000:05}", ""
    if kind == 1:
        return f"+49 1512 {number % 10_000_000:07}", ""
    if kind == 2:
        return f"07400 {number % 1_000_000:06}", "GB"
    if kind == 3:
        return f"(201) 555-{number % 10_000:04}", "US"
    return f"0049-1512-{number % 10_000_000:07}", random.choice(["", "DE", "NA"])


NAMES = ["Asha", "Zoë", "Øyvind", "李", "Omar", "Ana María", "o'neil", "-"]


def write_list(path, rows, is_ragged=True):
    """Writes a list in which every outcome occurs. If it `is_ragged`, some rows have too few or too many cells."""
    pick = random.Random(22)
    with open(path, "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for row in range(rows):
            mobile, country = phone(pick.randrange(rows), pick)
            other = ""
            note = pick.choice(["", "call after 5, not before", 'said "yes"', "first line\nsecond line", *FORMULAS])
            forbids, status = "", pick.choice(["", "New", "Do Not Contact"] if row % 50 == 0 else ["", "New"])
            case = pick.randrange(100)
            if case < 5:
                mobile = pick.choice(["soon", "12", "", "+999 12345", "98765 4321O", "N/A", "9876543210123456"])
            elif case < 7:
                mobile, other = "", mobile
            elif case < 9:
                forbids = pick.choice(["yes", "no", "x", "?"])
            elif case < 10:
                mobile, country = f"+91 98765 {row % 1000:03}**", ""
                forbids = "yes"
            elif case < 11:
                country = pick.choice(["Utopia", "utopia ", "Oz"])
            elif case < 12:
                mobile, country = pick.choice(FORMS), ""
                forbids = "yes" if mobile == FORMS[0] else ""
            cells = [
                pick.choice(NAMES),
                pick.choice(NAMES + [""]),
                pick.choice(["Mr", "ms", "Dr.", "", "?"]),
                mobile,
                other,
            ]
            cells += [country, forbids, status, note]
            if is_ragged and case == 13:
                forbidding = [*cells[:6], "yes", *cells[7:], "x"]
                cells = pick.choice(
                    [cells[:4], cells[:-1], [*cells, "more"], [*cells, " please"], [*cells, ""], forbidding]
                )
            lines.writerow(cells)
            if row % 1000 == 0:
                lines.writerow([""] * len(COLUMNS))
        # The last row forbids a number of the first ones.
        lines.writerow(["Li", "Rao", "Mr", "98765 00005", "", "IN", "yes", "", "asked by mail"])


def write_contacts(path, rows):
    """Writes existing contacts as `rollcall fetch contacts` does: whole numbers, other forms, and masked ones."""
    pick = random.Random(4)
    with open(path, "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(
            ["id", "firstName", "lastName", "cellPhone.phoneNumber", "cellPhone.countryCode", "cellPhone.extension"]
        )
        for row in range(rows // 20):
            number, code = pick.choice(
                [
                    (f"98765{pick.randrange(rows) % 100_000:05}", "+91"),
                    (f"1512{pick.randrange(rows):07}", "+49"),
                    # The list has the other form.
                    ("1123456700", "+54"),
                ]
            )
            lines.writerow([f"c{row}", pick.choice(NAMES), pick.choice(NAMES + [""]), number, code, "+"])
        # Numbers of some people, whose third to fifth digit are hidden.
        for last in range(1, 100, 5):
            for first_name in NAMES[:3]:
                lines.writerow(["", first_name, pick.choice(NAMES), f"151200***{last:02}", "+49", "+"])


def run(rollcall, command, path, options, folder):
    """Returns the outcomes of one machine."""
    options = [command, path, "-q", "--out", folder, *READING, *options]
    ended = subprocess.run([rollcall, *options], capture_output=True)
    assert ended.returncode in (0, 1), ended.stderr.decode()
    with open(Path(folder) / "outcomes.csv", newline="", encoding="utf-8") as file:
        return [
            (row["outcome"].replace("planned", "valid"), row["code"], row["number"]) for row in csv.DictReader(file)
        ]


def checked(spark, sources, rollcall, **options):
    """Returns a check on Spark."""
    arguments, _ = check.parsed([*sources, "--out", options.pop("out", "unused"), "--rollcall", rollcall])
    for name, value in options.items():
        setattr(arguments, name, value)
    return check.Check(spark, arguments, READING)


def outcomes(rows):
    """Returns the outcomes of rows, in the order of the input."""
    rows = rows.orderBy(*check.ORDER).select("rollcall_outcome", "rollcall_code", "rollcall_number").collect()
    return [tuple(cell or "" for cell in row) for row in rows]


def compare(what, one_machine, spark):
    assert len(one_machine) == len(spark), f"{what}: {len(one_machine)} rows on one machine, {len(spark)} on Spark"
    different = [(row, a, b) for row, (a, b) in enumerate(zip(one_machine, spark)) if a != b]
    assert not different, f"{what}: {len(different)} rows differ, such as {different[:5]}"
    found = {outcome for outcome, _, _ in one_machine}
    print(f"{what}: {len(one_machine):,} rows are equal; outcomes: {', '.join(sorted(found))}", flush=True)


def read_planned(paths):
    """Returns the rows to post without their files and rows, which differ."""
    found = []
    for path in paths:
        with open(path, newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
            places = [index for index, name in enumerate(header) if name not in ("rollcall_file", "rollcall_row")]
            # Spark writes line ends in a cell in one way.
            found += [tuple(row[index].replace("\r\n", "\n") for index in places) for row in rows]
    return [tuple(header[index] for index in places)], found


def compare_planned(export, folder):
    """Compares the rows to post with those of one machine."""
    header, rows = read_planned([export])
    parts = sorted(Path(folder).glob("part-*.csv"))
    found_header, found = read_planned(parts)
    assert header == found_header, (header, found_header)
    different = [(a, b) for a, b in zip(rows, found) if a != b]
    assert len(rows) == len(found) and not different, (len(rows), len(found), different[:3])
    print(f"rows to post: {len(rows):,} are equal, in {len(parts)} files", flush=True)


def compare_reports(one_machine, spark):
    """Compares what both reports say about the rows."""
    jsonschema.validate(spark, json.loads((ROOT / "docs/report-schema.json").read_text()))

    def said(report):
        columns = [found["columns"] for found in report["inputs"]]
        problems = {
            problem["code"]: (
                problem["count"],
                problem["title"],
                problem["hint"],
                [(example["column"], example["value"]) for example in problem["examples"]],
            )
            for problem in report["problems"]
        }
        counts = {name: sorted(map(json.dumps, report[name])) for name in ["unknown_values", "regions", "types"]}
        excluded = [source["numbers"] for source in report["excluded"]]
        rows = [found["rows"] for found in report["inputs"]]
        return {
            "columns": columns,
            "problems": problems,
            "totals": report["totals"],
            "excluded": excluded,
            "rows": rows,
        } | counts

    expected, found = said(one_machine), said(spark)
    for name in expected:
        assert expected[name] == found[name], (name, expected[name], found[name])
    print(f"report.json: {', '.join(expected)} are equal", flush=True)


def fails(what, message, work):
    """Checks that a job fails with a message of rollcall."""
    try:
        work()
    except Exception as error:
        assert message in str(error), error
        print(f"{what}: the job fails with its message", flush=True)
    else:
        raise AssertionError(f"{what}: no error")


def main():
    rollcall = os.path.abspath(sys.argv[1])
    name = os.path.basename(rollcall)
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", False)
        .config("spark.sql.shuffle.partitions", 4)
        .config("spark.sql.files.maxPartitionBytes", "2m")
        # Needs no native library.
        .config("spark.sql.parquet.compression.codec", "gzip")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(str(ROOT / "samples/spark/rollcall_spark.py"))
    spark.sparkContext.addPyFile(str(ROOT / "samples/spark/check.py"))
    spark.sparkContext.addPyFile(str(ROOT / "samples/spark/rollcall_report.py"))
    spark.sparkContext.addFile(rollcall)
    with tempfile.TemporaryDirectory() as folder:
        path, register, contacts = f"{folder}/list.csv", f"{folder}/do-not-call.csv", f"{folder}/contacts.csv"
        write_list(path, rows)
        entries = [f"+91 98765 {n:05}" for n in range(100, 400)] + ["+54 11 2345 6711", "+49 1512 000***1"]
        Path(register).write_text("Phone\n" + "\n".join(entries) + "\n")
        write_contacts(contacts, rows)
        spark.sparkContext.addFile(register)
        # Parts of a warehouse's table are written by many tasks.
        parquet = f"{folder}/list.parquet"
        whole = f"{folder}/whole.csv"
        write_list(whole, rows, is_ragged=False)
        frame = spark.read.option("header", True).option("multiLine", True).option("escape", '"').csv(whole)
        frame.coalesce(1).write.option("maxRecordsPerFile", max(rows // 7, 1)).parquet(parquet)

        # A masked entry counts as unreadable, although it suppresses the numbers that match it.
        joined = {"register": [register], "allow_unreadable_suppressions": 1}
        export = ["--export", f"{folder}/export.csv", "--export-layout", "full"]
        expected = run(rollcall, "check", path, ["--exclude-file", register, *export], f"{folder}/first")
        found = checked(spark, [path], name, out=f"{folder}/out", **joined)
        found.write()
        compare("CSV, register", expected, outcomes(spark.read.parquet(f"{folder}/out/outcomes")))
        compare_planned(f"{folder}/export.csv", f"{folder}/out/planned")
        reports = [Path(f"{folder}/{run}/report.json").read_text() for run in ["first", "out"]]
        compare_reports(*map(json.loads, reports))

        expected = run(rollcall, "check", whole, ["--exclude-file", register, "--keep", "last"], f"{folder}/last")
        found = checked(spark, [parquet], name, keep="last", **joined)
        compare("Parquet, --keep last", expected, outcomes(found.judged()))

        importing = ["--existing", contacts, "--dry-run", "--sandbox"]
        expected = run(rollcall, "import", whole, importing, f"{folder}/import")
        found = checked(spark, [parquet], name, existing=contacts)
        compare("Parquet, existing contacts", expected, outcomes(found.judged()))

        sample = str(ROOT / "samples/contacts.csv")
        expected = run(rollcall, "check", sample, [], f"{folder}/sample")
        compare("sample", expected, outcomes(checked(spark, [sample], name).judged()))

        lines = f"{folder}/lines.csv"
        with open(path, newline="", encoding="utf-8") as file, open(lines, "w", newline="", encoding="utf-8") as out:
            rows = [row for row in csv.reader(file) if not any("\n" in cell or "\r" in cell for cell in row)]
            csv.writer(out, delimiter=";").writerows(rows)
        numbers = f"{folder}/numbers.csv"
        Path(numbers).write_text("".join(f"+91 98765 {n:05}\n" for n in range(0, 2000, 5)))
        spark.sparkContext.addFile(numbers)
        expected = run(rollcall, "check", lines, ["--exclude-file", numbers], f"{folder}/lines")
        assert ("suppressed", "in-file") in {row[:2] for row in expected}
        found = checked(spark, [lines], name, one_line=True, delimiter=";", exclude_file=["numbers.csv"])
        compare("CSV, shared by tasks", expected, outcomes(found.judged()))

        fails(
            "missing program",
            "cannot run no-such-program",
            lambda: normalize(frame, rollcall="no-such-program").count(),
        )
        wrong = ["--no-such-option"]
        fails(
            "wrong option",
            "unexpected argument '--no-such-option'",
            lambda: normalize(frame, rollcall=name, options=wrong).count(),
        )
        fails(
            "unreadable entry",
            "cannot read the number in 1 entries",
            lambda: checked(spark, [parquet], name, register=[register]).judged(),
        )
        fails(
            "suppression file that cannot be read",
            "rollcall ended with exit code 2",
            lambda: normalize(frame, rollcall=name, options=READING, exclude_files=["do-not-call.csv"]).count(),
        )
        row = F.col("id")
        note = F.when(row == 900, F.repeat(F.lit("x"), 17 << 20))
        broken = spark.range(1000).select(F.lit("Li Rao").alias("Name"), row.alias("Mobile"), note.alias("Note"))
        broken = normalize(broken, rollcall=name, options=READING)
        fails(
            "record that is too long",
            "this record is longer than 16 MiB",
            lambda: broken.write.parquet(f"{folder}/broken"),
        )
        assert not list(Path(f"{folder}/broken").glob("*.parquet")), "nothing is half written"
        others = Path(f"{folder}/lists")
        others.mkdir()
        for number, header in enumerate(["Name,Mobile", "Mobile,Name"]):
            (others / f"{number}.csv").write_text(f"{header}\nLi Rao,98765 43210\n")
        useless = f"{folder}/useless.csv"
        Path(useless).write_text("Phone\nabc\nn/a\n")
        fails(
            "register without numbers",
            "none of the 2 rows",
            lambda: checked(spark, [parquet], name, register=[useless]).judged(),
        )
        fails(
            "option for all rows",
            "--keep concerns all rows",
            lambda: normalize(frame, rollcall=name, options=["--keep", "last"]),
        )
        fails(
            "files with different headers",
            "has another header than the first file",
            lambda: checked(spark, [f"csv:{others}"], name).judged().count(),
        )
    spark.stop()


if __name__ == "__main__":
    main()
