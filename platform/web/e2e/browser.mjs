// A headless Chromium that keeps what goes wrong in the pages it opens.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const base = (process.env.BASE_URL ?? "http://127.0.0.1:4400").replace(/\/$/, "");
const root = join(import.meta.dirname, "../../..");
export const artefacts = process.env.ARTEFACTS ?? join(root, "artefacts/console");
export const images = join(root, "docs/images");

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts the browser. */
export function launch() {
  mkdirSync(artefacts, { recursive: true });
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
}

/**
 * Opens a page whose console errors and failed scripts end up in `troubles`; a
 * violation of the content policy is such an error.
 */
export async function open(browser, { width = 1360, height = 900, scheme = "light", scale = 1, locale = "en-GB" } = {}) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: scale, locale });
  page.setDefaultTimeout(15_000);
  page.troubles = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") page.troubles.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => page.troubles.push(String(error)));
  return page;
}

/** Violations of WCAG 2.2 A and AA that axe finds, one line each. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary?.split("\n").slice(1).join(" ").trim()}`));
}

/** By how many pixels the page is wider than its window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** How many charts have drawn something. */
export function drawn(page) {
  return page.evaluate(
    () =>
      [...document.querySelectorAll(".plot canvas")].filter((canvas) => {
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = [canvas.width, canvas.height];
        const pen = copy.getContext("2d", { willReadFrequently: true });
        pen.drawImage(canvas, 0, 0);
        return pen.getImageData(0, 0, copy.width, copy.height).data.some((value) => value !== 0);
      }).length,
  );
}

/** Keeps a picture of the whole page among the artefacts. */
export async function picture(page, name) {
  await page.screenshot({ path: join(artefacts, `${name}.png`), fullPage: true });
}
