// A script that a user might write instead, in JavaScript. Reads a list, validates and deduplicates its numbers, and writes the rejected rows
// and the requests to post, with a hundred contacts each.
//
//     npm install csv-parse libphonenumber-js      (in the folder it is started from)
//     node benches/peers/check.mjs LIST.csv FOLDER
import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { once } from "node:events";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { parse } = require("csv-parse");
const { parsePhoneNumberWithError } = require("libphonenumber-js/max");

const SALUTATIONS = { mr: "Mr", mrs: "Mrs", ms: "Ms", dr: "Dr" };
const [source, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const open = (name) => createWriteStream(`${folder}/${name}`);
const [outcomes, rejected, payloads] = [open("outcomes.csv"), open("rejected.csv"), open("payloads.ndjson")];
const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const line = (cells) => cells.map((text) => cell(String(text ?? ""))).join(",") + "\n";
const write = async (file, text) => file.write(text) || (await once(file, "drain"));

const seen = new Map();
const counts = { valid: 0, duplicate: 0, rejected: 0 };
let batch = [];
let number = 1;
const rows = createReadStream(source).pipe(parse({ columns: true, bom: true }));
for await (const row of rows) {
  number += 1;
  const [first, last] = [row["First Name"].trim(), row["Last Name"].trim()];
  const salutation = SALUTATIONS[row["Salutation"].trim().replace(/\.$/, "").toLowerCase()];
  let phone;
  let reason = "";
  try {
    phone = parsePhoneNumberWithError(row["Mobile"], row["Country"].trim() || undefined);
    if (phone.ext) reason = "has-extension";
    else if (!phone.isValid()) reason = "invalid-number";
    else if (!first || !last || !salutation) reason = "missing name or salutation";
  } catch (error) {
    reason = error.message;
  }
  if (reason) {
    counts.rejected += 1;
    await write(rejected, line([...Object.values(row), reason]));
    await write(outcomes, line([number, "rejected", "", "", "", reason]));
    continue;
  }
  const whole = phone.number.slice(1);
  if (seen.has(whole)) {
    counts.duplicate += 1;
    await write(outcomes, line([number, "duplicate", whole, phone.country, phone.getType(), seen.get(whole)]));
    continue;
  }
  seen.set(whole, number);
  counts.valid += 1;
  await write(outcomes, line([number, "valid", whole, phone.country, phone.getType(), ""]));
  batch.push({ firstName: first, lastName: last, salutation, phoneNumber: whole });
  if (batch.length === 100) {
    await write(payloads, JSON.stringify(batch) + "\n");
    batch = [];
  }
}
if (batch.length) await write(payloads, JSON.stringify(batch) + "\n");
await Promise.all([outcomes, rejected, payloads].map((file) => new Promise((done) => file.end(done))));
console.error(counts);
