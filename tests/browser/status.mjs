// Opens the status page of `rollcall watch` in Chromium while files come, and looks at it from all sides.
//
//   node tests/browser/status.mjs PROGRAM
//
// PROGRAM is the built rollcall. CHROMIUM names the browser, ROLLCALL_SHOTS a folder for pictures.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { chromium } from "playwright-core";

const WIDTHS = [360, 768, 1440];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const program = resolve(process.argv[2]);
const shots = process.env.ROLLCALL_SHOTS;
const home = mkdtempSync(join(tmpdir(), "rollcall-status-"));
const inbox = join(home, "in");
mkdirSync(inbox);

function drop(name, content) {
  const path = join(inbox, `.${name}`);
  writeFileSync(path, content);
  renameSync(path, join(inbox, name));
}

const list = (number) => `First name,Last name,Salutation,Phone\nAnn,Sample,Mrs,+4477009001${number}\n`;

// The service, and the address of its page.
async function start() {
  const args = ["watch", "in", "--sandbox", "--status", "0", "--settle", "200ms"];
  const service = spawn(program, args, { cwd: home, env: { PATH: process.env.PATH, HOME: home }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const address = await new Promise((done, fail) => {
    service.stderr.on("data", (data) => {
      said += data;
      const found = said.match(/status: (http:\S+)/);
      if (found) done(found[1]);
    });
    service.on("exit", () => fail(new Error(`the service ended: ${said}`)));
  });
  return { service, address };
}

async function look(browser, address) {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => assert.ok(request.url().startsWith(address), request.url()));
  await page.goto(address);
  assert.equal(await page.title(), "rollcall watch");
  assert.ok(await page.getByText("None yet.").isVisible());
  drop("good.csv", list(23));
  drop(`محمد ${"long name ".repeat(18)}.csv`, list(24));
  drop("<img src=x onerror=alert(1)>.csv", "Colour\nred\n");
  // New files appear without the page being loaded again.
  await page.getByRole("rowheader", { name: "good.csv" }).waitFor();
  await page.locator("td.failed").waitFor();
  await page.getByRole("rowheader", { name: /long name/ }).waitFor();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(content <= view, `${content} px wide in a window of ${view} px`);
  }
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the folders");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const session = await context.newCDPSession(page);
      await session.send("Runtime.evaluate", { expression: `${axe}; undefined` });
      const expression = "axe.run().then((found) => JSON.stringify(found.violations))";
      const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      const told = JSON.parse(result.value).map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
      assert.deepEqual(told, [], `${colorScheme}, ${width} px`);
      if (shots) {
        mkdirSync(shots, { recursive: true });
        await page.screenshot({ path: join(shots, `status-${colorScheme}-${width}.png`), fullPage: true });
      }
    }
  }
  assert.deepEqual(wrong, [], "console");
  await context.close();
}

const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
assert.ok(executablePath, "no Chromium: install it, or name it in CHROMIUM");
const { service, address } = await start();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  await look(browser, address);
  console.log("status page: looked at");
} finally {
  await browser.close();
  service.removeAllListeners("exit");
  service.kill("SIGTERM");
  await new Promise((done) => service.on("exit", done));
  rmSync(home, { recursive: true, force: true });
}
