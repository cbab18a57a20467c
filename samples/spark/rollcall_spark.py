"""The verdicts of rollcall for the rows of a Spark DataFrame.

`normalize` passes each partition through `rollcall normalize`, so that a row gets the same outcome, code and number as
on one machine. `numbers` does the same for suppression lists and existing contacts. `check.py` also deduplicates and
writes the files of a run.
"""

import collections
import csv
import dataclasses
import io
import os
import subprocess
import tempfile
import threading

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pyspark import SparkFiles
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

# The columns for deduplication and reports.
KEYS = ["rollcall_row", "rollcall_time_zone", "rollcall_name_key", "rollcall_problems", "rollcall_forbidden"]

# As many rows as rollcall matches the columns of a file by.
HEAD_ROWS = 160

# Options about the bytes of a file: Spark has read them.
_OF_FILES = ["--encoding", "--delimiter", "--format", "--sheet", "--member", "--no-header", "--hidden-rows"]

# Bytes of results that are read at a time. No row may be longer.
_BLOCK_BYTES = 4 << 20


class RollcallError(RuntimeError):
    """A list that rollcall cannot read, with its message."""


@dataclasses.dataclass
class List:
    """A list whose columns may have any names, also the same ones."""

    frame: DataFrame
    # The columns of the frame that belong to the list, and the list's names for them.
    columns: list
    headers: list
    # The column with the text of a record whose cells do not fit the header.
    raw: str = None
    # The columns with the file and the part of it, if the rows include the header of each file.
    file: str = None
    part: str = None
    delimiter: str = ","
    # The first rows as text: the columns are matched by them, once for all partitions.
    head: bytes = None

    @classmethod
    def of(cls, frame, carried=()):
        """Returns the list in a frame. `carried` columns are not part of it; the program replaces its own."""
        names = [name for name in frame.columns if name not in carried and not is_own(name)]
        return cls(frame, names, names)

    def of_csv(self):
        """Returns whether it was read from CSV files."""
        return self.file is not None

    def kept(self):
        """Returns the headers that the program keeps."""
        return [header for header in self.headers if not is_own(header)]


def is_own(header):
    """Returns whether a header is one of the program's, which it replaces."""
    return header.strip().startswith("rollcall_")


def column(name):
    """Returns a column by its name, whatever that contains."""
    return F.col("`" + name.replace("`", "``") + "`")


def read_csv(spark, source, one_line=False, encoding=None, delimiter=None):
    """Reads CSV files as a list.

    All files must have the same header, as their first row. If no cell has a line break, `one_line` lets several tasks
    share a file.
    """
    delimiter = {None: ",", "tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    reader = spark.read.option("header", False).option("multiLine", not one_line).option("escape", '"')
    for name, value in [("encoding", encoding), ("sep", delimiter)]:
        if value is not None:
            reader = reader.option(name, value)
    first = reader.csv(source).first()
    if first is None:
        raise RollcallError(f"{source} has no rows")
    headers = [cell or "" for cell in first]
    columns = [f"__{index}" for index in range(len(headers))]
    fields = [StructField(name, StringType()) for name in [*columns, "__raw"]]
    # Without pruning, records with other cells than the header are found.
    reader = reader.option("columnNameOfCorruptRecord", "__raw").option("columnPruning", False)
    frame = reader.schema(StructType(fields)).csv(source)
    part = F.col("_metadata.file_block_start").alias("__of_part")
    frame = frame.select("*", F.col("_metadata.file_path").alias("__of_file"), part)
    return List(frame, columns, headers, raw="__raw", file="__of_file", part="__of_part", delimiter=delimiter)


def unique(headers):
    """Returns the headers as names for columns of a DataFrame, where none may occur twice or be empty."""
    names, taken = [], set()
    for index, header in enumerate(headers):
        name = header or f"column {index + 1}"
        while name.lower() in taken:
            name += f" {index + 1}"
        taken.add(name.lower())
        names.append(name)
    return names


def normalize(source, rollcall="rollcall", options=(), exclude_files=(), carried=(), with_keys=False):
    """Returns the rows of a DataFrame or `List` with the columns of `rollcall normalize`.

    `with_keys` adds the columns for deduplication; `rollcall_forbidden` only if a column of the list may forbid calls.
    Columns become text, except the `carried` ones, which are not part of the list. Rows without any text are not
    rows of the list and do not come back, as on one machine. `rollcall` is the program: a path on every machine, or the
    name of a file that `--files` brings there. `options` are reading options, such as `["--region", "IN"]`.
    `exclude_files` are suppression files, as paths or names like the program's.
    """
    arguments = ["--with-keys", *_allowed(options)]
    return _passed(source, rollcall, arguments, exclude_files, list(carried), lambda own: with_keys or own not in KEYS)


def numbers(source, kind, rollcall="rollcall", options=(), carried=()):
    """Returns the numbers in the rows of a list of another kind.

    It is a suppression list (`kind="suppressions"`), or existing contacts as `rollcall fetch contacts` writes them
    (`kind="contacts"`).
    The rows have the columns of `rollcall normalize --as`, and the `carried` ones.
    """
    arguments = ["--as", kind, *_allowed(options)]
    return _passed(source, rollcall, arguments, [], list(carried), lambda own: True, with_cells=False)


def head_of(source):
    """Returns the first rows of a list as CSV, which are read once."""
    if source.head is None:
        rows = source.frame.select(*_cells(source), *_places(source)).take(HEAD_ROWS + 1)
        count = len(source.headers)
        columns = [pa.array([row[index] for row in rows], pa.string()) for index in range(count)]
        if source.of_csv():
            columns += [pa.array([row[count + place] for row in rows]) for place in range(3)]
            columns[count] = columns[count].cast(pa.string())
        names = ["__text" if index == count else str(index) for index in range(len(columns))]
        batches = [pa.RecordBatch.from_arrays(columns, names=names)]
        if source.of_csv():
            batches = _without_headers(batches, source.headers)
        text = io.BytesIO()
        text.write(_header(source.headers, source.delimiter))
        for batch in batches:
            _write(text, pa.Table.from_batches([batch]), len(source.headers), source.delimiter)
        source.head = text.getvalue()
    return source.head


def shipped(name, is_program=False):
    """Returns the path of a file that Spark brought to this machine, or the name as it is."""
    if os.path.dirname(name):
        return os.path.abspath(name)
    # Some clusters put it into the working folder.
    places = [SparkFiles.get(name), os.path.abspath(name)]
    found = next((place for place in places if os.path.isfile(place)), name)
    if is_program and found == places[0] and not os.access(found, os.X_OK):
        os.chmod(found, os.stat(found).st_mode | 0o100)
    return found


def run(command, head, sent=None):
    """Runs the program on this machine, and returns its output.

    In the command, `HEAD` stands for a file with the first rows of a list. Standard input is `sent`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = _with_files(folder, head)
        command = [path if word is HEAD else word for word in command]
        command = [command[0], "--config", os.path.join(folder, SETTINGS), *command[1:]]
        try:
            ended = subprocess.run(command, input=sent or b"", capture_output=True, cwd=folder)
        except OSError as error:
            raise _missing(command[0], error) from None
    if ended.returncode not in (0, 1):
        raise _failed(ended.returncode, ended.stderr)
    return ended.stdout


# The place of the file with the first rows in a command.
HEAD = object()

# The name of an empty settings file: all machines read a list alike, whatever settings they have.
SETTINGS = "rollcall.toml"


def _with_files(folder, head):
    """Writes the first rows and the settings to a folder, and returns the path of the rows."""
    path = os.path.join(folder, "head.csv")
    for name, content in [(path, head), (os.path.join(folder, SETTINGS), b"")]:
        with open(name, "wb") as file:
            file.write(content)
    return path


def _allowed(options):
    for option in options:
        name = option.split("=")[0]
        if name in _OF_FILES:
            raise RollcallError(f"{name} has no effect on rows that Spark has read. Omit it.")
        if name == "--keep":
            raise RollcallError("--keep concerns all rows. Give it to check.py, before the `--`.")
    return options


def _passed(source, rollcall, arguments, exclude_files, carried, is_wanted, with_cells=True):
    source = source if isinstance(source, List) else List.of(source, carried)
    # The columns are matched once, by the first rows, and alike in all partitions.
    head = head_of(source)
    arguments = ["normalize", "--quiet", "--format", "csv", "--encoding", "utf-8", *arguments]
    arguments += ["--delimiter", source.delimiter]
    # A wrong option fails here, before any task starts.
    header = _header(source.headers, source.delimiter)
    header = run([shipped(rollcall, is_program=True), *arguments, "--like", HEAD], head, sent=header)
    written = next(csv.reader(io.StringIO(header.decode(), newline=""), delimiter=source.delimiter))
    kept = source.kept()
    count = len(kept)
    if [name.strip() for name in written[:count]] != [header.strip() for header in kept]:
        raise RollcallError(
            f"the first row is not the header: {', '.join(source.headers)}. Put a header such as `Phone` there."
        )
    own = [name for name in written[count:] if is_wanted(name)]
    names = unique(kept) if with_cells else []
    # The program joins and cuts the cells of records that do not fit the header.
    of_program = source.of_csv() and with_cells
    if of_program:
        results = [f"__{index}" for index in range(count)] + written[count:]
    else:
        arguments.append("--only-results")
        results = written[count:]
        header = (source.delimiter.join(results) + "\n").encode()
    fields = [StructField(name, StringType()) for name in names]
    fields += [source.frame.schema[name] for name in carried] + [StructField(name, StringType()) for name in own]
    places = _places(source)
    rows = source.frame.select(*_cells(source), *places, *carried)
    plan = _Plan(source.headers, source.delimiter, source.of_csv(), names, carried, own, header, results)

    def of_partition(batches):
        command = [shipped(rollcall, is_program=True), *arguments]
        for file in exclude_files:
            command += ["--exclude-file", shipped(file)]
        with tempfile.TemporaryDirectory() as folder:
            command += ["--like", _with_files(folder, head), "--config", os.path.join(folder, SETTINGS)]
            yield from _run(command, batches, plan)

    return rows.mapInArrow(of_partition, StructType(fields))


@dataclasses.dataclass
class _Plan:
    """How batches are sent: the cells of the list, then their places if they are from CSV files, then carried columns."""

    headers: list
    delimiter: str
    of_csv: bool
    # The names of the cells, of the carried columns, and of those of the program, as they come back.
    names: list
    carried: list
    own: list
    # The header that the program writes, and names for its columns. Those of cells are numbered.
    header: bytes
    results: list


def _cells(source):
    types = dict(source.frame.dtypes)
    return [_text(column(name), types[name]).alias(f"__{index}") for index, name in enumerate(source.columns)]


def _text(values, kind):
    """Returns a column as text. A number without a fraction has no dot and no exponent, unless digits may be lost."""
    text = values.cast("string")
    exact = {"float": 2**24, "double": 2**53}.get(kind)
    if exact is None:
        return text
    is_whole = (values == F.floor(values)) & (F.abs(values) < exact)
    return F.when(is_whole, values.cast("decimal(18,0)").cast("string")).otherwise(text)


def _places(source):
    if not source.of_csv():
        return []
    places = [("__text", source.raw), ("__of", source.file), ("__from", source.part)]
    return [column(name).alias(alias) for alias, name in places]


def _missing(program, error):
    return RollcallError(
        f"cannot run {program}: {error.strerror}. Ship the program with --files, or name its path on every machine."
    )


def _failed(code, said, file=None):
    place = f" while a task read {file}" if file else ""
    return RollcallError(f"rollcall ended with exit code {code}{place}: {said.decode(errors='replace').strip()}")


def _without_headers(batches, headers):
    """Yields batches without the first row of each file, which is its header."""
    files, parts, file = len(headers) + 1, len(headers) + 2, None
    for batch in batches:
        if batch.num_rows == 0:
            continue
        paths, kept, start = batch.column(files), [], 0
        while start < batch.num_rows:
            is_next = pc.not_equal(paths.slice(start), paths[start])
            end = pc.index(is_next, True).as_py()
            end = batch.num_rows if end < 0 else start + end
            path, first = paths[start].as_py(), batch.column(parts)[start].as_py()
            is_header = path != file and first == 0
            file = path
            if is_header:
                found = [batch.column(index)[start].as_py() or "" for index in range(len(headers))]
                if found != headers or batch.column(len(headers))[start].is_valid:
                    raise RollcallError(
                        f"{path} has another header than the first file: {', '.join(found)} instead of "
                        f"{', '.join(headers)}. Check such files as lists of their own."
                    )
            kept.append(batch.slice(start + is_header, end - start - is_header))
            start = end
        yield from kept


def _header(headers, delimiter):
    table = pa.table([pa.array([header]) for header in headers], names=[str(index) for index in range(len(headers))])
    return _csv(table, delimiter)


def _csv(table, delimiter):
    sink = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="needed")
    pyarrow.csv.write_csv(table, sink, options)
    return sink.getvalue().to_pybytes()


def _write(file, table, count, delimiter):
    """Writes the cells of rows as CSV, and returns the number of lines of each row. Records whose cells do not fit the
    header are written as they stand in their file."""
    cells = table.select(range(count))
    # Each row ends with a line end of its own.
    lengths = pa.array([1] * table.num_rows, pa.int64())
    for cell in cells.columns:
        lengths = pc.add(lengths, _line_ends(cell.combine_chunks()))
    raws = table["__text"].combine_chunks() if "__text" in table.column_names else None
    if raws is None or raws.null_count == len(raws):
        file.write(_csv(cells, delimiter))
        return lengths
    written, lengths = 0, lengths.to_pylist()
    for index in pc.indices_nonzero(pc.is_valid(raws)).to_pylist():
        file.write(_csv(cells.slice(written, index - written), delimiter))
        raw = raws[index].as_py().rstrip("\r\n")
        if not _is_record(raw, delimiter):
            # As they stand, the quotation marks would include the next rows.
            raw = '"' + raw.replace('"', '""') + '"'
        file.write(raw.encode() + b"\n")
        lengths[index] = 1 + _line_ends(pa.array([raw]))[0].as_py()
        written = index + 1
    file.write(_csv(cells.slice(written), delimiter))
    return pa.array(lengths, pa.int64())


def _is_record(raw, delimiter):
    """Returns whether a text is one record, wherever it stands in a file."""
    try:
        found = list(csv.reader(io.StringIO(f"{raw}\nend\n", newline=""), delimiter=delimiter))
    except csv.Error:
        return False
    return len(found) == 2 and found[1] == ["end"]


def _run(command, batches, plan):
    """Passes batches through the program, and yields them with its columns."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise _missing(command[0], error) from None
    sent, said, broken = _Sent(), [], None
    threads = [
        threading.Thread(target=_send, args=(child.stdin, batches, plan, sent), daemon=True),
        threading.Thread(target=lambda: said.append(child.stderr.read()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _received(child.stdout, plan, sent)
    except (pa.ArrowException, _Unmatched) as error:
        # If the program ended early, its message says why.
        broken = error
    finally:
        child.stdout.close()
        code = child.wait()
        for thread in threads:
            thread.join()
    if sent.error is not None:
        raise sent.error
    if code != 0:
        raise _failed(code, b"".join(said), sent.file)
    if broken is not None and "straddling" in str(broken):
        most = _BLOCK_BYTES >> 20
        raise RollcallError(
            f"a row has more than {most} MiB of text. Remove the column with the long text; it is not needed."
        )
    if broken is not None:
        raise broken
    sent.check_rest(plan.headers)


class _Unmatched(RollcallError):
    """Rows that came back and were not sent, or the other way round."""


class _Sent:
    """The batches that were sent, with the first line of each of their rows."""

    def __init__(self):
        self.batches = collections.deque()
        self.error = None
        # The file of the last rows, if it is known.
        self.file = None

    def check_rest(self, headers):
        """Checks the rows that did not come back at the end."""
        for table, _, returned in self.batches:
            _check_missing(table, returned, headers)


def _send(stdin, batches, plan, sent):
    try:
        with stdin:
            header = _header(plan.headers, plan.delimiter)
            line = 1 + header.count(b"\n")
            stdin.write(header)
            for batch in _without_headers(batches, plan.headers) if plan.of_csv else batches:
                if batch.num_rows == 0:
                    continue
                table = pa.Table.from_batches([batch])
                files = next((name for name in ["__of", "__file"] if name in table.column_names), None)
                sent.file = files and table[files][-1].as_py()
                text = io.BytesIO()
                lengths = _write(text, table, len(plan.headers), plan.delimiter)
                ends = pc.cumulative_sum(lengths)
                # Before the program gets them, so that they are known when they come back.
                sent.batches.append((table, pc.add(pc.subtract(ends, lengths), line), 0))
                line += ends[-1].as_py()
                stdin.write(text.getbuffer())
    except BrokenPipeError:
        # The program has ended; its message says why.
        pass
    except Exception as error:  # The task fails with it.
        sent.error = error


def _line_ends(column):
    """Returns the number of line ends inside each cell, as rollcall counts them."""
    return pc.cast(pc.fill_null(pc.count_substring_regex(column, pattern="\r\n|\r|\n"), 0), pa.int64())


def _received(stdout, plan, sent):
    if stdout.read(len(plan.header)) != plan.header or not stdout.peek(1):
        # There are no rows, or the program has failed.
        return
    wanted = [name for name in plan.results if name.startswith("__") or name in plan.own or name == "rollcall_row"]
    reader = pyarrow.csv.open_csv(
        stdout,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=plan.results),
        parse_options=pyarrow.csv.ParseOptions(delimiter=plan.delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=wanted,
            column_types={name: pa.string() for name in wanted},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    for batch in reader:
        came = pa.Table.from_batches([batch])
        lines = pc.cast(came["rollcall_row"], pa.int64()).combine_chunks()
        yield from _joined(came, lines, plan, sent)


def _joined(came, lines, plan, sent):
    """Yields the rows that came back, each with the cells that were sent."""
    start = 0
    while start < len(lines):
        if not sent.batches:
            raise _Unmatched("rollcall returns rows that are not those of the list")
        table, sent_lines, returned = sent.batches[0]
        beyond = pc.index(pc.greater(lines.slice(start), sent_lines[-1]), True).as_py()
        end = len(lines) if beyond < 0 else start + beyond
        if end > start:
            places = pc.index_in(lines.slice(start, end - start), value_set=sent_lines)
            if places.null_count:
                raise _Unmatched("rollcall returns rows that are not those of the list")
            _check_missing(table, returned, plan.headers, places)
            returned = places[-1].as_py() + 1
            sent.batches[0] = (table, sent_lines, returned)
            if "__0" in came.column_names:
                columns = [came[f"__{index}"].slice(start, end - start) for index in range(len(plan.names))]
            else:
                columns = [table.column(index).take(places) for index in range(len(plan.names))]
            columns += [table.column(name).take(places) for name in plan.carried]
            columns += [came[name].slice(start, end - start) for name in plan.own]
            names = plan.names + plan.carried + plan.own
            yield from pa.table(columns, names=names).combine_chunks().to_batches()
        if end < len(lines):
            # Its other rows do not come back.
            _check_missing(table, returned, plan.headers)
            sent.batches.popleft()
        start = end


def _check_missing(table, start, headers, places=None):
    """Checks that rows which did not come back have no text, or are the header again. Without `places`, those are all
    rows from `start`."""
    count = table.num_rows - start if places is None else places[-1].as_py() + 1 - start
    if places is not None and count == len(places):
        return
    came = set() if places is None else set(places.to_pylist())
    names = {header.strip().lower() for header in headers}
    for row in range(start, start + count):
        if row in came:
            continue
        cells = [(table.column(index)[row].as_py() or "").strip().lower() for index in range(len(headers))]
        filled = [cell for cell in cells if any(letter.isalnum() for letter in cell)]
        # A header that a file repeats.
        is_header = sum(cell in names for cell in filled) * 2 >= len(filled)
        if filled and not is_header:
            raise _Unmatched(f"rollcall has not returned a row: {', '.join(filled)}")
