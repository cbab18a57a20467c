"""Checks a list on Apache Spark, with the verdicts of `rollcall check`.

    spark-submit --files rollcall,do-not-call.csv --py-files rollcall_spark.py check.py leads.parquet \\
        --out checked --exclude-file do-not-call.csv -- --region IN

Reads CSV, Parquet or tables, and writes to the folder `--out`:

    outcomes/      every row with its outcome, code and number, as Parquet
    planned/       the rows to post, as CSV; import them with `rollcall import checked/planned/*.csv`
    report.json    the totals

Options behind `--` are reading options of rollcall.
"""

import argparse
import json
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from rollcall_spark import normalize

# The place of a row in the input: the given list, the file, the part of it, and the row.
ORDER = ["__list", "__file", "__part", "__row"]


def read(spark, source, kind, is_one_line=False):
    """Reads a list with the place of each row."""
    if kind == "table":
        frame = spark.table(source)
        file, part = F.lit(""), F.lit(0)
    else:
        if kind == "csv" or kind is None and source.rstrip("/").endswith((".csv", ".csv.gz")):
            reader = spark.read.option("header", True).option("multiLine", not is_one_line).option("escape", '"')
            frame = reader.csv(source)
        else:
            frame = spark.read.parquet(source)
        file, part = F.col("_metadata.file_path"), F.col("_metadata.file_block_start")
    return frame.select(
        "*", file.alias("__file"), part.cast("long").alias("__part"), F.monotonically_increasing_id().alias("__row")
    )


def judged(spark, arguments, reading):
    """Returns the rows of all lists with their outcomes."""
    lists = []
    for index, source in enumerate(arguments.sources):
        frame = read(spark, source, arguments.format, arguments.one_line).withColumn("__list", F.lit(index))
        lists.append(
            normalize(
                frame,
                rollcall=arguments.rollcall,
                options=reading,
                exclude_files=arguments.exclude_file,
                carried=ORDER,
                with_keys=True,
            )
        )
    rows = lists[0]
    for more in lists[1:]:
        rows = rows.unionByName(more, allowMissingColumns=True)
    return deduplicated(suppressed(rows), arguments.keep)


def suppressed(rows):
    """Suppresses numbers that other rows forbid to call."""
    if "rollcall_forbidden" not in rows.columns:
        return rows
    words = F.explode(F.split("rollcall_forbidden", " ")).alias("__number")
    forbidden = rows.where("rollcall_forbidden is not null").select(words).distinct()
    masks = [row["__number"] for row in forbidden.where("__number like '%*%'").collect()]
    forbidden = forbidden.where("__number not like '%*%'").withColumn("__forbidden", F.lit(True))
    rows = rows.join(forbidden, rows["rollcall_number"] == forbidden["__number"], "left").drop("__number")
    is_forbidden = F.coalesce("__forbidden", F.lit(False))
    if masks:
        pattern = "^(" + "|".join(mask.replace("*", ".") for mask in masks) + ")$"
        is_forbidden = is_forbidden | F.coalesce(F.col("rollcall_number").rlike(pattern), F.lit(False))
    is_forbidden = is_forbidden & (F.col("rollcall_outcome") != "suppressed")
    return replaced(rows, is_forbidden, "suppressed", F.lit("do-not-call-column"), "another row forbids calls to it").drop(
        "__forbidden"
    )


def deduplicated(rows, keep):
    """Keeps one row of each number."""
    order = [F.col(name).asc() if keep == "first" else F.col(name).desc() for name in ORDER]
    is_valid = F.col("rollcall_outcome") == "valid"
    # Each row without a contact is a group of its own.
    alone = F.concat_ws("/", F.lit("-"), *[F.col(name).cast("string") for name in ORDER])
    of_number = Window.partitionBy(F.when(is_valid, F.col("rollcall_number")).otherwise(alone)).orderBy(*order)
    rows = rows.withColumn("__rank", F.row_number().over(of_number))
    rows = rows.withColumn("__kept_name", F.first("rollcall_name_key").over(of_number))
    code = F.when(F.col("rollcall_name_key") == F.col("__kept_name"), "same-name").otherwise("other-name")
    is_duplicate = is_valid & (F.col("__rank") > 1)
    rows = replaced(rows, is_duplicate, "duplicate", code, "another row has the same number")
    return rows.drop("__rank", "__kept_name")


def replaced(rows, where, outcome, code, detail):
    """Replaces the outcome of some rows."""
    for column, value in [
        ("rollcall_code", code),
        ("rollcall_detail", F.lit(detail)),
        ("__outcome", F.lit(outcome)),
    ]:
        old = F.col("rollcall_outcome" if column == "__outcome" else column)
        rows = rows.withColumn(column, F.when(where, value).otherwise(old))
    return rows.withColumn("rollcall_outcome", F.col("__outcome")).drop("__outcome")


def main():
    given = sys.argv[1:]
    split = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description="Check a list on Apache Spark.")
    parser.add_argument("sources", nargs="+", metavar="LIST", help="CSV or Parquet files or folders, or tables")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results; it must not exist")
    parser.add_argument("--format", choices=["csv", "parquet", "table"], help="default: by the file's name")
    parser.add_argument(
        "--one-line", action="store_true", help="no cell of a CSV file has a line break, so that tasks can share the file"
    )
    parser.add_argument("--keep", choices=["first", "last"], default="first", help="row to keep of each number")
    parser.add_argument("--exclude-file", action="append", default=[], metavar="FILE", help="suppress its numbers")
    parser.add_argument("--rollcall", default="rollcall", metavar="PROGRAM", help="path, or name of a shipped file")
    arguments = parser.parse_args(given[:split])
    spark = SparkSession.builder.getOrCreate()
    rows = judged(spark, arguments, given[split + 1 :])
    rows.drop("rollcall_name_key", "rollcall_forbidden").write.parquet(f"{arguments.out}/outcomes")
    outcomes = spark.read.parquet(f"{arguments.out}/outcomes")
    planned = outcomes.where("rollcall_outcome = 'valid'").orderBy(*ORDER)
    # rollcall takes a list with codes for one of rows to fix.
    planned = planned.drop(*ORDER, "rollcall_code", "rollcall_detail")
    planned.write.option("header", True).option("escape", '"').csv(f"{arguments.out}/planned")
    totals = {row["rollcall_outcome"]: row["count"] for row in outcomes.groupBy("rollcall_outcome").count().collect()}
    report = {"totals": {"rows": sum(totals.values()), **dict(sorted(totals.items()))}}
    text = json.dumps(report, indent=2)
    spark.sparkContext.parallelize([text], 1).saveAsTextFile(f"{arguments.out}/report.json")
    print(text)


if __name__ == "__main__":
    main()
