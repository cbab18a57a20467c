"""Checks a list on Apache Spark, with the verdicts of `rollcall check`.

    spark-submit --files rollcall --py-files rollcall_spark.py,rollcall_report.py check.py leads.parquet \\
        --out checked --register do-not-call.parquet --existing contacts.csv -- --region IN

Reads CSV, Parquet or tables, and writes to the folder `--out`:

    outcomes/      every row with its outcome, code and number, as Parquet
    planned/       the rows to post, as CSV; import them with `rollcall import checked/planned/*.csv`
    report.json    the report, like that of `rollcall check`

Options behind `--` are reading options of rollcall.
"""

import argparse
import re
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from rollcall_report import ORDER, Report, exists
from rollcall_spark import List, RollcallError, column, normalize, numbers, read_csv, unique

# The place of a row, with the number that people see: only Parquet files have it.
PLACE = [*ORDER, "__line"]

# Columns behind those of the list, as `--export-layout full` writes them.
FULL = [
    "rollcall_file",
    "rollcall_sheet",
    "rollcall_row",
    "rollcall_outcome",
    "rollcall_first_name",
    "rollcall_last_name",
    "rollcall_salutation",
    "rollcall_number",
    "rollcall_country_code",
    "rollcall_national_number",
    "rollcall_region",
    "rollcall_type",
    "rollcall_time_zone",
]

# Of these, those that no spreadsheet runs.
PLAIN = ["rollcall_row", "rollcall_outcome", *FULL[6:]]

# Suppressing masks that are compared in one expression.
MAX_MASKS = 100_000

# What a spreadsheet removes from the beginning of a cell, and the signs that begin a formula.
_SKIPPED = (
    '"\\x00-\\x08\\x0b\\x0c\\x0e-\\x20\\x7f-\\xa0\\xad\\u061c\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f'
    "\\u3000\\u3164\\ufeff\\ufff9-\\ufffb"
)
_SIGNS = "=+\\-@\\uff1d\\uff0b\\uff0d\\uff20\\ufe66\\ufe62\\ufe63\\ufe6b"
_FORMULA = f"(\\A|[,;|\\t\\r\\n])([{_SKIPPED}]*)('*[{_SIGNS}])"
_BREAK = "\\A('*[\\t\\r\\n])"


def read(spark, source, index=0, **of_csv):
    """Reads a list with the place of each row. `of_csv` tells how a CSV file is read."""
    kind, name = kind_of(source)
    line = F.lit(None)
    if kind == "csv":
        found = read_csv(spark, name, **of_csv)
        file, part = F.col(found.file), F.col(found.part)
    elif kind == "table":
        found = List.of(spark.table(name))
        file, part = F.lit(name), F.lit(0)
    else:
        found = List.of(spark.read.parquet(name))
        file, part = F.col("_metadata.file_path"), F.col("_metadata.file_block_start")
        line = F.col("_metadata.row_index") + 1
    taken = set(PLACE) & {name.lower() for name in found.frame.columns}
    if taken:
        raise RollcallError(f"{source} has a column {min(taken)}, which this check needs itself. Rename it.")
    found.frame = found.frame.select(
        "*",
        F.lit(index).alias("__list"),
        file.alias("__file"),
        part.cast("long").alias("__part"),
        F.monotonically_increasing_id().alias("__row"),
        line.cast("long").alias("__line"),
    )
    return found


def kind_of(source):
    """Returns the kind and the name of a source such as `leads.csv` or `table:leads`."""
    kind, _, name = source.partition(":")
    if kind in ("csv", "parquet", "table"):
        return kind, name
    is_csv = source.rstrip("/").endswith((".csv", ".csv.gz", ".csv.bz2", ".csv.zst"))
    return ("csv" if is_csv else "parquet"), source


class Check:
    """A check of some lists."""

    def __init__(self, spark, arguments, reading):
        self.spark, self.arguments, self.reading = spark, arguments, reading
        # Numbers in other lists are read in the same region.
        self.region = region_of(reading)
        of_csv = {name: getattr(arguments, name) for name in ["one_line", "encoding", "delimiter"]}
        self.lists = [read(spark, source, index, **of_csv) for index, source in enumerate(arguments.sources)]
        self.excluded = []

    def judged(self):
        """Returns the rows of all lists with their outcomes."""
        rows = None
        for found in self.lists:
            judged = normalize(
                found,
                rollcall=self.arguments.rollcall,
                options=self.reading,
                exclude_files=self.arguments.exclude_file,
                carried=PLACE,
                with_keys=True,
            )
            rows = judged if rows is None else rows.unionByName(judged, allowMissingColumns=True)
        for register in self.arguments.register:
            rows = self.suppressed_by(rows, register)
        rows = suppressed_by_rows(rows)
        rows = deduplicated(rows, self.arguments.keep)
        return self.existing(rows) if self.arguments.existing else rows

    def numbers(self, source, kind):
        """Returns the numbers in a list of a kind, such as `suppressions`."""
        found = read(self.spark, source)
        program, carried = self.arguments.rollcall, PLACE
        return numbers(found, kind, rollcall=program, options=self.region, carried=carried)

    def suppressed_by(self, rows, register):
        """Suppresses the numbers in a list, which is joined by number."""
        entries = self.numbers(register, "suppressions").persist()
        kinds = {row["rollcall_entry"]: row["count"] for row in entries.groupBy("rollcall_entry").count().collect()}
        unread = kinds.get("unreadable", 0)
        if unread > self.arguments.allow_unreadable_suppressions:
            first = entries.where("rollcall_entry = 'unreadable'").select("rollcall_detail").first()[0]
            raise RollcallError(
                f"rollcall cannot read the number in {unread} entries of {register}, such as: {first}. It would call "
                f"these people. Fix the entries, or allow as many with --allow-unreadable-suppressions {unread}."
            )
        readable = entries.where("rollcall_numbers is not null")
        if set(kinds) - {"expired"} and not readable.take(1):
            raise RollcallError(
                f"none of the {sum(kinds.values())} rows of {register} holds a readable number. Name another list."
            )
        own = words(entries, "rollcall_numbers").where("__word not like '%*%'")
        report = {"code": "in-file", "name": register, "numbers": own.distinct().count()}
        report |= {"empty": not kinds, "notes": []}
        if kinds.get("expired"):
            report["notes"].append(f"rows that have expired, which suppress nobody: {kinds['expired']}")
        if not kinds:
            report["notes"].append("it has a header but no entries, so it suppresses nobody")
        self.excluded.append(report)
        print(
            f"{register}: {report['numbers']:,} numbers to suppress" + "".join(f"; {note}" for note in report["notes"])
        )
        all_forms = words(entries, "rollcall_numbers", "rollcall_forms").distinct().persist()
        return suppressed(rows, all_forms, "in-file", f"in {register}")

    def existing(self, rows):
        """Finds rows whose number an existing contact has."""
        contacts = self.numbers(self.arguments.existing, "contacts")
        described = F.struct(*ORDER, "rollcall_name_key", "rollcall_detail").alias("__holder")
        forms = words(contacts, "rollcall_numbers", "rollcall_forms", carried=[described])
        of_number = forms.where("__word not like '%*%'").groupBy("__word").agg(F.min("__holder").alias("__of_number"))
        is_valid = F.col("rollcall_outcome") == "valid"
        rows = rows.join(of_number, is_valid & (F.col("rollcall_number") == F.col("__word")), "left").drop("__word")
        masked = forms.where("__word like '%*%'").withColumn("__name", F.col("__holder.rollcall_name_key"))
        shapes = shapes_of(masked)
        # A masked number counts only for the same name.
        masked = masked.groupBy("__word", "__name").agg(F.min("__holder").alias("__masked"))
        for shape in shapes:
            of_shape = masked.where(F.regexp_replace("__word", "[0-9]", "0") == shape)
            is_same = (masked_as(shape) == F.col("__word")) & (F.col("rollcall_name_key") == F.col("__name"))
            rows = rows.join(of_shape, is_valid & is_same, "left").drop("__word", "__name")
            rows = rows.withColumn("__of_number", F.coalesce("__of_number", "__masked")).drop("__masked")
        rows = rows.withColumnRenamed("__of_number", "__holder")
        code = F.when(F.col("rollcall_name_key") == F.col("__holder.rollcall_name_key"), "same-name").otherwise(
            "other-name"
        )
        detail = F.concat(F.lit("existing contact: "), F.col("__holder.rollcall_detail"))
        rows = replaced(rows, F.col("__holder").isNotNull(), "existing", code, detail)
        return rows.drop("__holder")

    def write(self):
        """Writes the files of the run."""
        out = self.arguments.out
        if exists(self.spark, out):
            raise RollcallError(f"{out} exists. Name a new folder with --out, or remove this one.")
        report = Report(self.spark, self.arguments, self.reading, self.lists)
        rows = self.judged()
        rows = rows.drop("rollcall_name_key", "rollcall_forbidden", "rollcall_row")
        rows = rows.withColumns({"rollcall_file": F.col("__file"), "rollcall_row": F.col("__line")})
        rows.drop("__line").write.parquet(f"{out}/outcomes")
        outcomes = self.spark.read.parquet(f"{out}/outcomes")
        self.write_planned(outcomes)
        report.write(outcomes, self.excluded)

    def write_planned(self, outcomes):
        """Writes the rows to post in the layout of `--export-layout full`. Each list has files of its own, because its
        columns are its own."""
        rows = outcomes.where("rollcall_outcome = 'valid'").withColumn("rollcall_sheet", F.lit(""))
        has_rows = {row["__list"] for row in rows.select("__list").distinct().collect()}
        for index, found in enumerate(self.lists):
            # A file without rows is no list.
            if index not in has_rows:
                continue
            own = [column(name) for name in unique(found.kept())]
            results = [F.col(name) if name in PLAIN else guarded(F.col(name)) for name in FULL]
            cells = [*map(guarded, own), *results]
            header = [*map(guarded_text, found.kept()), *FULL]
            columns = unique(header)
            cells = [F.coalesce(cell.cast("string"), F.lit("")).alias(name) for cell, name in zip(cells, columns)]
            planned = rows.where(F.col("__list") == index).orderBy(*ORDER).select(cells)
            if columns != header:
                planned = with_header(planned, header)
            writer = planned.write.mode("append").option("header", columns == header)
            writer = writer.option("escape", '"').option("emptyValue", "")
            # White space is part of a cell.
            writer = writer.option("ignoreLeadingWhiteSpace", False).option("ignoreTrailingWhiteSpace", False)
            writer.csv(f"{self.arguments.out}/planned")


def with_header(rows, header):
    """Puts a header before the rows of each partition. Headers of a list may be the same."""

    def of_partition(batches):
        is_first = True
        for batch in batches:
            if batch.num_rows and is_first:
                is_first = False
                yield batch.from_pydict({name: [text] for name, text in zip(batch.schema.names, header)}, batch.schema)
            yield batch

    return rows.mapInArrow(of_partition, rows.schema)


def guarded(cell):
    """Puts a `'` before whatever a spreadsheet would run as a formula."""
    begins_with_break = F.ascii(cell).isin([ord(letter) for letter in "'\t\r\n"])
    cell = F.when(begins_with_break, F.regexp_replace(cell, _BREAK, "'$1")).otherwise(cell)
    return F.regexp_replace(cell, _FORMULA, "$1$2'$3")


def guarded_text(text):
    """Does the same to a text."""
    return re.sub(_FORMULA, "\\1\\2'\\3", re.sub(_BREAK, "'\\1", text))


def region_of(reading):
    """Returns the option for the region among some options."""
    for index, option in enumerate(reading):
        if option == "--region":
            return reading[index : index + 2]
        if option.startswith("--region="):
            return [option]
    return []


def words(rows, *columns, carried=()):
    """Returns the words in some columns, each in a row, with other columns."""
    texts = F.concat_ws(" ", *columns)
    found = rows.select(F.explode(F.split(texts, " ")).alias("__word"), *carried)
    return found.where("__word != ''")


def shapes_of(masked):
    """Returns the places of the hidden digits in masks. A program always hides the same places."""
    shape = F.regexp_replace("__word", "[0-9]", "0").alias("shape")
    return [row["shape"] for row in masked.select(shape).distinct().collect()]


def masked_as(shape):
    """Returns the number of a row with digits hidden as in a shape."""
    number = F.col("rollcall_number")
    pieces, start = [], 0
    for piece in re.findall("0+|\\*+", shape):
        pieces.append(F.lit(piece) if piece[0] == "*" else F.substring(number, start + 1, len(piece)))
        start += len(piece)
    return F.when(F.length(number) == len(shape), F.concat(*pieces))


def suppressed(rows, forms, code, detail):
    """Suppresses rows with a number among some words."""
    numbers = forms.where("__word not like '%*%'").select("__word", F.lit(True).alias("__is_listed"))
    rows = rows.join(numbers, rows["rollcall_number"] == numbers["__word"], "left").drop("__word")
    is_listed = F.coalesce("__is_listed", F.lit(False))
    masks = [row["__word"] for row in forms.where("__word like '%*%'").limit(MAX_MASKS + 1).collect()]
    if len(masks) > MAX_MASKS:
        raise RollcallError(
            f"more than {MAX_MASKS:,} numbers to suppress have hidden digits {detail}. Get the whole numbers."
        )
    for shape in {re.sub("[0-9]", "0", mask) for mask in masks}:
        of_shape = [mask for mask in masks if re.sub("[0-9]", "0", mask) == shape]
        is_listed = is_listed | F.coalesce(masked_as(shape).isin(of_shape), F.lit(False))
    is_listed = is_listed & (F.col("rollcall_outcome") != "suppressed")
    return replaced(rows, is_listed, "suppressed", F.lit(code), F.lit(detail)).drop("__is_listed")


def suppressed_by_rows(rows):
    """Suppresses numbers that other rows forbid to call."""
    if "rollcall_forbidden" not in rows.columns:
        return rows
    forbidden = words(rows.where("rollcall_forbidden is not null"), "rollcall_forbidden").distinct().persist()
    return suppressed(rows, forbidden, "do-not-call-column", "another row says not to call this number")


def deduplicated(rows, keep):
    """Keeps one row of each number."""
    order = [F.col(name).asc() if keep == "first" else F.col(name).desc() for name in ORDER]
    is_valid = F.col("rollcall_outcome") == "valid"
    # Each row without a contact is a group of its own.
    alone = F.concat_ws("/", F.lit("-"), *[F.col(name).cast("string") for name in ORDER])
    of_number = Window.partitionBy(F.when(is_valid, F.col("rollcall_number")).otherwise(alone)).orderBy(*order)
    kept = F.struct("rollcall_name_key", "__file", "__line")
    rows = rows.withColumns({"__rank": F.row_number().over(of_number), "__kept": F.first(kept).over(of_number)})
    code = F.when(F.col("rollcall_name_key") == F.col("__kept.rollcall_name_key"), "same-name").otherwise("other-name")
    place = F.coalesce(F.concat(F.lit("row "), F.col("__kept.__line").cast("string")), F.lit("another row"))
    detail = F.concat(F.lit("same number as "), place, F.lit(" of "), F.col("__kept.__file"))
    is_duplicate = is_valid & (F.col("__rank") > 1)
    return replaced(rows, is_duplicate, "duplicate", code, detail).drop("__rank", "__kept")


def replaced(rows, where, outcome, code, detail):
    """Replaces the outcome of some rows."""
    new = {"rollcall_code": code, "rollcall_detail": detail, "rollcall_outcome": F.lit(outcome)}
    values = {name: F.when(where, value).otherwise(F.col(name)) for name, value in new.items()}
    # A row to fix has problems; the others have none.
    values["rollcall_problems"] = F.when(where, F.lit(None)).otherwise(F.col("rollcall_problems"))
    return rows.withColumns(values)


def parsed(given):
    """Returns the arguments, and the reading options."""
    split = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(
        description="Check a list on Apache Spark.",
        epilog="A list is the name of a CSV file (*.csv), of a Parquet file or folder, or csv:NAME, parquet:NAME or "
        "table:NAME. Options behind -- are reading options of rollcall.",
    )
    parser.add_argument("sources", nargs="+", metavar="LIST", help="the lists to check")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results; it must not exist")
    parser.add_argument(
        "--one-line",
        action="store_true",
        help="no cell of a CSV file has a line break, so that tasks can share the file",
    )
    parser.add_argument("--encoding", help="of the lists in CSV [default: UTF-8]")
    parser.add_argument("--delimiter", metavar="CHAR", help="of the lists in CSV [default: a comma]")
    parser.add_argument("--keep", choices=["first", "last"], default="first", help="row to keep of each number")
    parser.add_argument(
        "--exclude-file",
        action="append",
        default=[],
        metavar="FILE",
        help="suppress its numbers; a file of any format rollcall reads, which each task holds in memory",
    )
    parser.add_argument(
        "--register",
        action="append",
        default=[],
        metavar="LIST",
        help="suppress its numbers, which are joined; for registers of any size",
    )
    parser.add_argument(
        "--allow-unreadable-suppressions", type=int, default=0, metavar="N", help="of each register [default: 0]"
    )
    parser.add_argument("--existing", metavar="LIST", help="existing contacts, as rollcall fetch contacts wrote them")
    parser.add_argument("--rollcall", default="rollcall", metavar="PROGRAM", help="path, or name of a shipped file")
    return parser.parse_args(given[:split]), given[split + 1 :]


def main():
    arguments, reading = parsed(sys.argv[1:])
    spark = SparkSession.builder.getOrCreate()
    try:
        Check(spark, arguments, reading).write()
    except RollcallError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
