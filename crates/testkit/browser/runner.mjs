// Drives one browser for a test: one JSON command a line on standard input, one JSON answer a line on standard output.
// Ends when its input closes, so that no browser outlives the test that started it.

import readline from "node:readline";
import { chromium } from "playwright-core";

const contexts = new Map();
const pages = new Map();
const problems = [];

// With `--unpack` it only unpacks the browser of the npm package into TMPDIR.
if (process.argv.includes("--unpack")) {
  const { default: packed } = await import("@sparticuz/chromium");
  await packed.executablePath();
  process.exit(0);
}

// The package's own argument list switches off web security and site isolation: a test under it would prove nothing.
const browser = await chromium.launch({ executablePath: process.env.TESTKIT_CHROME, args: ["--no-sandbox"] });

async function contextOf(name, options) {
  if (!contexts.has(name)) contexts.set(name, await browser.newContext({ locale: "en-GB", ...options }));
  return contexts.get(name);
}

async function pageOf(tab) {
  if (!pages.has(tab)) {
    const context = await contextOf(tab.includes("/") ? tab.split("/")[0] : "", {});
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => problems.push(`error in ${tab}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(`console in ${tab}: ${message.text()}`);
    });
    pages.set(tab, page);
  }
  return pages.get(tab);
}

function expectOn(page) {
  const shown = async (selector) => (await page.locator(selector).allInnerTexts()).join("\n");
  return {
    visible: (selector) => page.locator(selector).first().waitFor({ state: "visible" }),
    gone: (selector) => page.locator(selector).first().waitFor({ state: "detached" }),
    async text(selector, wanted) {
      const end = Date.now() + 15_000;
      while (!(await shown(selector)).includes(wanted)) {
        if (Date.now() > end) throw new Error(`"${wanted}" not in ${selector}, which says: ${await shown(selector)}`);
        await page.waitForTimeout(50);
      }
    },
    equal(found, wanted) {
      const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
      if (a !== b) throw new Error(`found ${a}, wanted ${b}`);
    },
  };
}

async function execute({ op, tab, script, args, name, options, path }) {
  switch (op) {
    case "run": {
      const page = await pageOf(tab);
      const body = Object.getPrototypeOf(execute).constructor("page", "args", "expect", "context", script);
      return (await body(page, args, expectOn(page), page.context())) ?? null;
    }
    case "context":
      await contextOf(name, options);
      return null;
    case "screenshot":
      await (await pageOf(tab)).screenshot({ path, fullPage: true });
      return null;
    case "problems":
      return problems.splice(0);
    default:
      throw new Error(`unknown command ${op}`);
  }
}

const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
say({ value: browser.version() });
for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    say({ value: await execute(JSON.parse(line)) });
  } catch (error) {
    say({ error: String(error.stack ?? error) });
  }
}
await browser.close();
process.exit(0);
