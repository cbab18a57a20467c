"""A script that a user might write instead, in Python. Reads a list, validates and deduplicates its numbers, and writes the rejected rows
and the requests to post, with a hundred contacts each.

    pip install phonenumbers
    python3 benches/peers/check.py LIST.csv FOLDER
"""

import csv
import json
import os
import sys

import phonenumbers

SALUTATIONS = {"mr": "Mr", "mrs": "Mrs", "ms": "Ms", "dr": "Dr"}
BATCH = 100


def number_of(text, country):
    number = phonenumbers.parse(text, country or None)
    if number.extension:
        raise ValueError("has-extension")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("invalid-number")
    kind = phonenumbers.number_type(number)
    region = phonenumbers.region_code_for_number(number)
    return number, kind, region


def main(source, folder):
    os.makedirs(folder, exist_ok=True)
    seen, batch, counts = {}, [], {"valid": 0, "duplicate": 0, "rejected": 0}
    with (
        open(source, newline="", encoding="utf-8-sig") as rows,
        open(f"{folder}/outcomes.csv", "w", newline="", encoding="utf-8") as outcomes,
        open(f"{folder}/rejected.csv", "w", newline="", encoding="utf-8") as rejected,
        open(f"{folder}/payloads.ndjson", "w", encoding="utf-8") as payloads,
    ):
        reader = csv.DictReader(rows)
        outcomes = csv.writer(outcomes)
        rejects = csv.writer(rejected)
        rejects.writerow([*reader.fieldnames, "reason"])
        for row in reader:
            first, last = row["First Name"].strip(), row["Last Name"].strip()
            salutation = SALUTATIONS.get(row["Salutation"].strip().rstrip(".").lower())
            try:
                number, kind, region = number_of(row["Mobile"], row["Country"].strip())
                if not first or not last or not salutation:
                    raise ValueError("missing name or salutation")
            except (phonenumbers.NumberParseException, ValueError) as error:
                counts["rejected"] += 1
                rejects.writerow([*row.values(), str(error)])
                outcomes.writerow([reader.line_num, "rejected", "", "", "", str(error)])
                continue
            whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
            if whole in seen:
                counts["duplicate"] += 1
                outcomes.writerow([reader.line_num, "duplicate", whole, region, kind, seen[whole]])
                continue
            seen[whole] = reader.line_num
            counts["valid"] += 1
            outcomes.writerow([reader.line_num, "valid", whole, region, kind, ""])
            batch.append({"firstName": first, "lastName": last, "salutation": salutation, "phoneNumber": whole})
            if len(batch) == BATCH:
                payloads.write(json.dumps(batch) + "\n")
                batch.clear()
        if batch:
            payloads.write(json.dumps(batch) + "\n")
    print(counts, file=sys.stderr)


main(sys.argv[1], sys.argv[2])
