"""Compares the outcomes on Apache Spark with those of `rollcall check`: every row's outcome, code and number.

    python tests/spark/equality.py target/release/rollcall [ROWS]

Runs Spark's own small cluster: two workers with one core each, as separate processes. Needs `pyspark`, `pyarrow` and
Java.
"""

import csv
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples/spark"))
os.environ["PYSPARK_PYTHON"] = sys.executable

from pyspark.sql import SparkSession

import check
from rollcall_spark import RollcallError, normalize

COLUMNS = ["First Name", "Last Name", "Salutation", "Mobile", "Home Phone", "Country", "Do Not Call", "Lead Status", "Note"]
READING = ["--region", "IN"]


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


def write_list(path, rows):
    """Writes a list in which every outcome of a check occurs."""
    pick = random.Random(22)
    names = ["Asha", "Zoë", "Øyvind", "李", "Omar", "Ana María", "o'neil", "-"]
    with open(path, "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for row in range(rows):
            mobile, country = phone(pick.randrange(rows), pick)
            other = ""
            note = pick.choice(["", "call after 5, not before", "said \"yes\"", "first line\nsecond line", "=1+1"])
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
                country = "Utopia"
            cells = [pick.choice(names), pick.choice(names + [""]), pick.choice(["Mr", "ms", "Dr.", "", "?"]), mobile, other]
            lines.writerow([*cells, country, forbids, status, note])
            if row % 1000 == 0:
                lines.writerow([""] * len(COLUMNS))
        # The last row forbids a number of the first ones.
        lines.writerow(["Li", "Rao", "Mr", "98765 00005", "", "IN", "yes", "", "asked by mail"])


def write_sample(path):
    """Writes the rows of the sample that have all cells: Spark's reader fills up or cuts the others."""
    with open(ROOT / "samples/contacts.csv", newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = list(csv.reader(file))
    whole = [row for row in rows if len(row) == len(rows[0])]
    assert len(whole) > 50, len(whole)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(whole)


def checked(rollcall, path, options, folder):
    """Returns the outcomes of one machine."""
    ended = subprocess.run([rollcall, "check", path, "-q", "--out", folder, *READING, *options], capture_output=True)
    assert ended.returncode in (0, 1), ended.stderr.decode()
    with open(Path(folder) / "outcomes.csv", newline="", encoding="utf-8") as file:
        return [(row["outcome"], row["code"], row["number"]) for row in csv.DictReader(file)]


def on_spark(spark, sources, rollcall, kind, keep, exclude_files):
    """Returns the outcomes on Spark, in the order of the input."""
    class Arguments:
        pass

    arguments = Arguments()
    arguments.sources, arguments.format, arguments.keep, arguments.one_line = sources, kind, keep, False
    arguments.rollcall, arguments.exclude_file = rollcall, exclude_files
    rows = check.judged(spark, arguments, READING).orderBy(*check.ORDER)
    rows = rows.select("rollcall_outcome", "rollcall_code", "rollcall_number").collect()
    return [tuple(cell or "" for cell in row) for row in rows]


def compare(what, one_machine, spark):
    assert len(one_machine) == len(spark), f"{what}: {len(one_machine)} rows on one machine, {len(spark)} on Spark"
    different = [(row, a, b) for row, (a, b) in enumerate(zip(one_machine, spark)) if a != b]
    assert not different, f"{what}: {len(different)} rows differ, such as {different[:5]}"
    outcomes = {outcome for outcome, _, _ in one_machine}
    print(f"{what}: {len(one_machine):,} rows are equal; outcomes: {', '.join(sorted(outcomes))}")


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
    spark.sparkContext.addFile(rollcall)
    with tempfile.TemporaryDirectory() as folder:
        path, numbers = f"{folder}/list.csv", f"{folder}/do-not-call.csv"
        write_list(path, rows)
        Path(numbers).write_text("Phone\n" + "".join(f"+91 98765 {n:05}\n" for n in range(100, 400)))
        spark.sparkContext.addFile(numbers)
        suppression = ["--exclude-file", numbers]
        parquet = f"{folder}/list.parquet"
        # Parts of a warehouse's table are written by many tasks.
        frame = spark.read.option("header", True).option("multiLine", True).option("escape", '"').csv(path)
        frame.coalesce(1).write.option("maxRecordsPerFile", max(rows // 7, 1)).parquet(parquet)
        for keep in ["first", "last"]:
            expected = checked(rollcall, path, [*suppression, "--keep", keep], f"{folder}/{keep}")
            found = on_spark(spark, [path], name, "csv", keep, ["do-not-call.csv"])
            compare(f"CSV, --keep {keep}", expected, found)
            found = on_spark(spark, [parquet], name, "parquet", keep, ["do-not-call.csv"])
            compare(f"Parquet, --keep {keep}", expected, found)
        sample = f"{folder}/sample.csv"
        write_sample(sample)
        expected = checked(rollcall, sample, [], f"{folder}/sample")
        compare("sample", expected, on_spark(spark, [sample], name, "csv", "first", []))
        for program, options, message in [
            ("no-such-program", [], "cannot run no-such-program"),
            (name, ["--no-such-option"], "unexpected argument '--no-such-option'"),
        ]:
            try:
                normalize(frame, rollcall=program, options=options).count()
            except Exception as error:
                assert message in str(error), error
                print(f"{message}: the job fails with it")
            else:
                raise AssertionError(f"{message}: no error")
    spark.stop()


if __name__ == "__main__":
    main()
