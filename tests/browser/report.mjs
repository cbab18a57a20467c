// Opens report.html in Chromium as a person does, and looks at it from all sides.
//
//   node tests/browser/report.mjs PROGRAM [PAGES...]
//
// PROGRAM is the built rollcall. PAGES are further pages, such as those that the unit tests write. CHROMIUM names the browser,
// ROLLCALL_ROWS the number of rejected rows, ROLLCALL_SHOTS a folder for pictures.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const MAX_BYTES = 3_000_000;
const WIDTHS = [360, 768, 1440];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const project = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const [program, ...pages] = process.argv.slice(2).map((path) => resolve(path));
const rejected = Number(process.env.ROLLCALL_ROWS ?? 20_000);
const shots = process.env.ROLLCALL_SHOTS;
const home = mkdtempSync(join(tmpdir(), "rollcall-browser-"));

// Runs the program in a home of its own. Rows to fix make it end with 1.
function run(name, args) {
  const out = join(home, name);
  try {
    const env = { PATH: process.env.PATH, HOME: home };
    execFileSync(program, [...args, "--out", out], { cwd: project, env, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    assert.equal(error.status, 1, `${name}: ${error.stderr}`);
  }
  return { name, path: join(out, "report.html") };
}

function list(name, header, rows) {
  const path = join(home, name);
  writeFileSync(path, `${header}\n${rows.join("\n")}\n`);
  return path;
}

const HEADER = "Salutation,First name,Last name,Phone,Country";
const odd = [
  'Mr,"<script>document.title=\'run\'</script>","<img src=x onerror=alert(1)>",12,GB',
  'Mr,"=HYPERLINK(""http://example.com"",""x"")",Roy,abc,GB',
  "Mrs,محمد,عبد الله,07700 900123 / 07700 900124,GB",
  "Mrs,ליאור,כהן,0123,IL",
  `Mr,${"Wolfeschlegelstein".repeat(8)},${"x".repeat(150)},07700 900125 ext. 12,GB`,
  "Sire,Asha,Roy,07700 900126,Deutchland",
];
const many = (count) => Array.from({ length: count }, (_, row) => {
  const broken = [`Mr,Ann,Sample ${row},12,GB`, `Sire ${row % 1500},Ann,Sample,07700 900123,GB`, `Mr,,Sample ${row},07700 900123,GB`,
    `Mr,Ann,Sample,4.47701E+11,GB`, `Mr,Ann,Sample ${row},0171 3920012,Deutchland ${row % 3000}`];
  return broken[row % broken.length];
});

function cases() {
  const check = (name, path) => run(name, ["check", path]);
  return [
    run("sample", ["check", "samples/contacts.csv", "samples/contacts.xlsx", "--exclude-file", "samples/do-not-call.csv"]),
    run("import", ["import", "samples/contacts.csv", "--sandbox"]),
    check("one row", list("one.csv", HEADER, ["Mr,Ann,Sample,+447700900123,GB"])),
    check("odd", list("odd.csv", `${HEADER},<b>Bold</b>,${"long header ".repeat(30)}`, odd)),
    check("many", list("many.csv", HEADER, many(rejected))),
    ...pages.map((path) => ({ name: basename(path, ".html"), path })),
  ];
}

// Filters and searches the table of rows.
async function filter(page, name) {
  const rows = page.locator("#table tbody tr:visible");
  const all = await rows.count();
  const codes = await page.locator("#filter option").evaluateAll((options) => options.map((option) => option.value));
  assert.equal(codes[0], "", name);
  for (const code of codes.slice(1, 4)) {
    await page.selectOption("#filter select", code);
    const expected = await page.locator(`#table tbody tr[data-codes~="${code}"]`).count();
    assert.equal(await rows.count(), expected, `${name}: rows with ${code}`);
    assert.match(await page.locator("#found").textContent(), new RegExp(`^${expected.toLocaleString("en")} rows?$`));
  }
  await page.selectOption("#filter select", "");
  const first = await page.locator("#table tbody tr th").first().textContent();
  await page.fill("#filter input", first.toUpperCase());
  const found = await rows.count();
  assert.ok(found >= 1 && found <= all, `${name}: search for ${first}`);
  await page.fill("#filter input", "no such text anywhere");
  assert.equal(await rows.count(), 0, `${name}: search for what is not there`);
  await page.fill("#filter input", "");
  assert.equal(await rows.count(), all, `${name}: no search`);
  const link = page.locator("a[data-filter]").last();
  await link.click();
  assert.equal(await page.inputValue("#filter select"), await link.getAttribute("data-filter"), name);
  await page.selectOption("#filter select", "");
}

async function look(browser, { name, path }) {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const page = await context.newPage();
  const wrong = [];
  const requests = [];
  page.on("console", (message) => wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => requests.push(request.url()));
  const url = pathToFileURL(path).href;
  const size = statSync(path).size;
  assert.ok(size <= MAX_BYTES, `${name}: ${size} bytes`);
  const start = performance.now();
  await page.goto(url, { waitUntil: "load" });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const opened = Math.round(performance.now() - start);
  assert.match(await page.title(), /^rollcall (check|import): /, name);
  // All of it is looked at, not only what is on the screen.
  await page.evaluate(() => document.querySelectorAll("section").forEach((section) => { section.style.contentVisibility = "visible"; }));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(content <= view, `${name}: ${content} px wide in a window of ${view} px`);
  }
  // The keyboard gets past the heading, and where it is can be seen.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the report", name);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid", `${name}: focus can be seen`);
  if (await page.locator("#filter").count()) await filter(page, name);
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // Of long tables a part is enough: all of their rows are alike.
    await page.evaluate(() => document.querySelectorAll("#table tbody tr:nth-child(n+60)").forEach((row) => row.remove()));
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      // The page's own policy lets no script in but its own: what looks at it comes from outside of it.
      const session = await context.newCDPSession(page);
      const evaluate = async (expression, awaitPromise = false) => {
        const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise, returnByValue: true });
        assert.equal(exceptionDetails, undefined, `${name}: ${JSON.stringify(exceptionDetails)}`);
        return result.value;
      };
      await evaluate(`${axe}; undefined`);
      const violations = JSON.parse(await evaluate("axe.run().then((found) => JSON.stringify(found.violations))", true));
      const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
      assert.deepEqual(told, [], `${name}, ${colorScheme}, ${width} px`);
    }
  }
  assert.deepEqual(wrong, [], `${name}: console`);
  assert.deepEqual(requests, [url], `${name}: requests`);
  await context.close();
  await withoutScript(browser, name, url);
  console.log(`${name}: ${size.toLocaleString("en")} bytes, open in ${opened} ms`);
}

// Everything can be read without script, and nothing is offered that needs it.
async function withoutScript(browser, name, url) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  assert.ok(await page.locator("#verdict .sentence").isVisible(), name);
  if (await page.locator("#filter").count()) {
    assert.ok(!(await page.locator("#filter").isVisible()), name);
    const last = page.locator("#table tbody tr").last();
    await last.scrollIntoViewIfNeeded();
    assert.ok(await last.isVisible(), name);
  }
  await context.close();
}

async function take(browser, { name, path }) {
  for (const [kind, width, colorScheme, media] of [["light", 1280, "light"], ["dark", 1280, "dark"], ["phone", 360, "light"], ["print", 800, "light", "print"]]) {
    const context = await browser.newContext({ viewport: { width, height: 3000 }, colorScheme });
    const page = await context.newPage();
    if (media) await page.emulateMedia({ media });
    await page.goto(pathToFileURL(path).href);
    await page.screenshot({ path: join(shots, `${name}-${kind}.png`) });
    await context.close();
  }
}

const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
assert.ok(executablePath, "no Chromium: install it, or name it in CHROMIUM");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  for (const item of cases()) {
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await take(browser, item);
      continue;
    }
    await look(browser, item);
  }
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
