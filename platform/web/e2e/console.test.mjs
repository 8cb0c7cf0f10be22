// Drives the console of a running `backstay dev` (BASE_URL) as a person would.
// It starts no server. Pictures go to artefacts/console; with REFRESH_IMAGES=1
// those of the README are taken anew.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { base, drawn, images, launch, open, overflow, picture, violations } from "./browser.mjs";

const services = ["gateway", "order", "inventory", "payment"];
const refresh = process.env.REFRESH_IMAGES === "1";

let browser;
let page;

before(async () => {
  browser = await launch();
  page = await open(browser);
});

after(async () => {
  await browser?.close();
});

/** Waits until a question asked in the page is answered with something true. */
async function until(what, ask, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) {
      await picture(page, "timeout");
      assert.fail(`${what}: not within ${patience / 1000} s`);
    }
    await page.waitForTimeout(200);
  }
}

const heading = () => page.locator("h1").first().innerText();
const isLive = () => page.locator(".live-dot.live").isVisible();

function calm() {
  const troubles = page.troubles.splice(0);
  assert.ok(troubles.length === 0, `the browser's console holds errors: ${troubles.join("; ")}`);
}

describe("console", { concurrency: false }, () => {
  test("the shop is whole before we begin", async () => {
    await page.goto(base);
    await until("the stream is live", isLive);
    const heal = page.getByRole("button", { name: /^Heal/ });
    await heal.waitFor();
    if (await heal.isEnabled()) await heal.click();
    await until("no incident is open", async () => !(await page.locator(".incident-card.is-bad").count()), 90_000);
  });

  test("overview shows every service with live figures", async () => {
    for (const name of services) {
      const row = page.locator(".services tbody tr", { has: page.getByRole("link", { name, exact: true }) });
      await until(`${name} has traffic`, async () => /[1-9]\d*(\.\d+)?\u202f\/s/.test(await row.innerText()), 60_000);
    }
    const before = await page.locator(".headline-note").innerText();
    await until("the screen moves on with the stream", async () => (await page.locator(".headline-note").innerText()) !== before, 10_000);
    await until("objectives are listed", async () => (await page.locator(".columns .table tbody tr").count()) >= 3);
    await until("users are seen", async () => (await page.locator(".strip rect").count()) > 5);
    await picture(page, "overview");
    calm();
  });

  test("a service shows charts, policies, neighbours and processes", async () => {
    await page.locator(".services").getByRole("link", { name: "order", exact: true }).click();
    assert.equal(new URL(page.url()).pathname, "/services/order");
    assert.equal(await heading(), "order");
    await until("three charts are drawn", async () => (await drawn(page)) === 3);
    const policies = page.getByRole("region", { name: "Policies" });
    await until("the breaker for payment is closed", async () => /payment/.test(await policies.innerText()) && /Breaker\s+closed/.test(await policies.innerText()));
    assert.match(await page.getByRole("region", { name: "Calls", exact: true }).innerText(), /inventory[\s\S]*payment|payment[\s\S]*inventory/);
    assert.match(await page.getByRole("region", { name: "Called by" }).innerText(), /gateway/);
    await until("a process is connected", async () => /connected/.test(await page.getByRole("region", { name: "Processes" }).innerText()));
    await page.getByRole("button", { name: "15m", exact: true }).click();
    assert.equal(new URL(page.url()).search, "?range=15m");
    await picture(page, "service");
    calm();
  });

  test("objectives lead to their budget and burn rate", async () => {
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Objectives" }).click();
    await until("objectives", async () => (await page.locator(".table tbody tr").count()) >= 3);
    await picture(page, "slos");
    await page.locator(".table .row-link").first().click();
    assert.match(page.url(), /\/slos\/checkout-/);
    await until("two charts are drawn", async () => (await drawn(page)) === 2);
    await until("a budget", async () => /\d/.test(await page.locator(".figures").innerText()));
    assert.ok((await page.getByRole("region", { name: "Burn windows" }).locator("tbody tr").count()) >= 2, "burn windows are listed");
    assert.match(await page.getByRole("region", { name: "Document" }).innerText(), /apiVersion: openslo\/v1/);
    await picture(page, "slo");
    calm();
  });

  test("an objective is proposed, checked, stored, and found", async () => {
    await page.goto(`${base}/slos`);
    await page.getByRole("link", { name: "New objective" }).click();
    await page.getByRole("combobox", { name: "Service" }).selectOption("order");
    assert.match(page.url(), /service=order/);
    const document = page.getByRole("textbox", { name: "Document" });
    const proposed = await document.inputValue();
    await document.fill(proposed.replace("target: 0.999", "target: 99.9"));
    const troubles = page.troubles.length;
    await page.getByRole("button", { name: "Check" }).click();
    await until("the mistake is pointed at", async () => /\d+:\d+/.test(await page.locator(".findings").innerText()));
    await picture(page, "slo-new-refused");
    // The browser itself notes the refused request; that is not an error of ours.
    assert.ok(page.troubles.splice(troubles).every((t) => t.includes("status of 4")), "only the refusal is noted");
    await document.fill(proposed);
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("Nothing wrong with order-available").waitFor();
    await page.getByRole("button", { name: "Store" }).click();
    try {
      await until("its own screen", async () => new URL(page.url()).pathname === "/slos/order-available");
      await until("events are counted", async () => /[1-9]\d* of/.test(await page.locator(".figures").innerText()), 30_000);
      calm();
      await page.goto(`${base}/slos`);
      await until("it is listed", async () => (await page.locator(".table .row-link", { hasText: "order is available" }).count()) === 1);
    } finally {
      await page.request.delete(`${base}/api/v1/slos/order-available`);
    }
  });

  test("the map draws services and calls, and keeps the choice in the address", async () => {
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Map" }).click();
    await until("four services", async () => (await page.locator(".map .box").count()) >= 4);
    assert.ok((await page.locator(".map .call").count()) >= 3, "calls are drawn");
    const box = page.locator(".map .box", { hasText: "payment" });
    await box.click();
    assert.match(page.url(), /at=payment/);
    await page.reload();
    await until("the choice survives a reload", () => page.getByRole("region", { name: "payment", exact: true }).isVisible());
    await picture(page, "map");
    calm();
  });

  test("keys lead everywhere", async () => {
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Search" }).fill("payment");
    await until("a hit", async () => (await page.getByRole("option", { name: /payment/ }).count()) > 0);
    await page.keyboard.press("Enter");
    await until("the service", async () => new URL(page.url()).pathname === "/services/payment");
    for (const [key, path] of [["o", "/"], ["s", "/slos"], ["m", "/map"], ["i", "/incidents"]]) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await until(`g ${key}`, async () => new URL(page.url()).pathname === path, 3000);
    }
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.goBack();
    assert.equal(new URL(page.url()).pathname, "/map");
    calm();
  });

  test("colours and language are kept", async () => {
    await page.goto(base);
    const colours = page.getByRole("button", { name: /^Colours/ });
    await colours.click();
    await colours.click();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    await page.getByRole("button", { name: "切换到中文" }).click();
    await page.reload();
    await until("Chinese after a reload", () => page.getByRole("link", { name: "总览" }).isVisible());
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    await picture(page, "overview-zh-dark");
    await page.getByRole("button", { name: "Switch to English" }).click();
    await page.getByRole("button", { name: /^Colours/ }).click();
    assert.equal(await page.locator("html").getAttribute("data-theme"), null);
    calm();
  });

  test("a lost stream is said, and mends itself", async () => {
    const other = await open(browser);
    try {
      await other.goto(base);
      await other.locator(".live-dot.live").waitFor();
      await other.route("**/api/v1/events", (route) => route.abort());
      await other.reload();
      await other.getByText("The line to the server is lost").waitFor();
      assert.ok((await other.locator(".services tbody tr").count()) >= 4, "what is known stays on the screen");
      await other.unroute("**/api/v1/events");
      await other.locator(".live-dot.live").waitFor();
      await other.getByText("The line to the server is lost").waitFor({ state: "detached" });
    } finally {
      await other.close();
    }
  });

  test("an empty server says what to run", async () => {
    const other = await open(browser);
    const at = new Date().toISOString();
    const empty = {
      overview: { at, services: [], slos: [], incidents: [] },
      slos: [],
      topology: { at, nodes: [], edges: [] },
      "incidents?limit=200": [],
      status: { version: "0", startedAt: at, dataDir: "", temporary: true, demo: false, counters: {} },
    };
    try {
      for (const [path, json] of Object.entries(empty)) await other.route(`**/api/v1/${path.replace("?", "\\?")}`, (route) => route.fulfill({ json }));
      for (const [path, command] of [["/", "backstay dev"], ["/slos", "backstay slo check"], ["/map", "backstay dev"], ["/incidents", "backstay demo break payment-errors"]]) {
        await other.goto(base + path);
        await other.locator(".command", { hasText: command }).first().waitFor();
        const problems = await violations(other);
        assert.ok(problems.length === 0, problems.join("\n"));
        await picture(other, `empty${path.replaceAll("/", "-")}`);
      }
      assert.ok(other.troubles.length === 0, other.troubles.join("; "));
    } finally {
      await other.close();
    }
  });

  test("a person breaks payment, reads the chain, and heals", { timeout: 240_000 }, async () => {
    await page.goto(base);
    await page.getByRole("button", { name: /^payment-errors/ }).click();
    const card = page.locator(".cards .incident-card.is-bad").first();
    await until("an incident opens", () => card.isVisible(), 40_000);
    await until("its cause is named", async () => /Cause payment/.test(await card.innerText()), 40_000);
    assert.match(await heading(), /open incident.*payment/s);
    await picture(page, "overview-incident");
    if (refresh) await take("overview", base);

    await page.keyboard.press("g");
    await page.keyboard.press("m");
    const box = page.locator(".map .box", { hasText: "payment" });
    await until("payment is marked on the map", async () => /(bad|at risk)$/.test((await box.getAttribute("aria-label")) ?? ""), 30_000);
    await picture(page, "map-incident");

    await page.goto(base);
    await card.click();
    await until("the incident", async () => /\/incidents\//.test(page.url()));
    const chain = page.getByRole("list", { name: "Chain from signal to recovery" });
    await until("an action was taken", async () => (await chain.locator(".step-action.reached").count()) === 1, 30_000);
    for (const step of ["signal", "verdict", "cause", "action"]) assert.equal(await chain.locator(`.step-${step}.reached`).count(), 1, `${step} is reached`);
    const cause = page.getByRole("region", { name: "Cause", exact: true });
    assert.match(await cause.innerText(), /payment\s+answers with errors/);
    assert.match(await cause.innerText(), /gateway\s+order\s+payment/);
    assert.ok((await page.locator(".timeline .evidence li").count()) >= 1, "the cause comes with evidence");
    assert.match(await page.getByRole("region", { name: "Actions" }).innerText(), /in force|done/);
    await picture(page, "incident-open");
    if (refresh) await take("incident", page.url());
    if (refresh) await take("map", `${base}/map`);
    const address = page.url();

    const actions = page.getByRole("region", { name: "Actions" }).locator(".action");
    const force = actions.filter({ has: page.getByRole("button", { name: "Undo" }) });
    if ((await force.count()) > 0) {
      const what = await force.first().locator(".action-head b").innerText();
      await force.first().getByRole("button", { name: "Undo" }).click();
      await until(`${what} is undone`, async () => (await actions.filter({ hasText: what }).filter({ hasText: "undone" }).count()) > 0);
    }

    await page.goto(`${base}/services/order`);
    const policies = page.getByRole("region", { name: "Policies" });
    await until("the breaker for payment is not closed", async () => /Breaker\s+(open|half open|downgraded)/.test(await policies.innerText()));
    await picture(page, "service-incident");

    await page.goto(base);
    const heal = page.getByRole("button", { name: /^Heal/ });
    await heal.click();
    await until("the fault is lifted", () => heal.isDisabled().then(async (off) => off && /no fault/.test(await heal.innerText())));
    await page.goto(address);
    await until("the incident is resolved", async () => (await page.locator(".title .tag").innerText()).includes("resolved"), 120_000);
    assert.equal(await chain.locator(".step-recovery.reached").count(), 1);
    const order = await page.locator(".timeline .entry").evaluateAll((entries) => entries.map((e) => /step-(\w+)/.exec(e.className)[1]));
    const first = (step) => order.indexOf(step);
    assert.ok(first("signal") >= 0 && first("verdict") >= 0 && first("verdict") < first("recovery") && first("cause") < first("recovery"), `the chain in order: ${order}`);
    assert.equal(order.filter((step) => step === "recovery").length > 0, true);
    await picture(page, "incident-resolved");
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: /Incidents/ }).click();
    await until("it is listed", async () => (await page.locator(".table .row-link").count()) >= 1);
    await page.getByRole("button", { name: "resolved" }).click();
    assert.match(page.url(), /state=resolved/);
    await picture(page, "incidents");
    calm();
  });

  test("every screen is accessible and fits, wide and narrow, light and dark", { timeout: 240_000 }, async () => {
    const incident = await page.locator(".table .row-link").first().getAttribute("href");
    const paths = ["/", "/services/order", "/slos", "/slos/checkout-complete", "/map?at=payment", "/incidents", incident, "/status", "/nowhere"];
    const problems = [];
    for (const scheme of ["light", "dark"]) {
      for (const width of [1360, 390]) {
        const other = await open(browser, { width, height: width < 500 ? 844 : 900, scheme });
        for (const path of paths) {
          await other.goto(base + path);
          await other.locator("main h1, main .empty").first().waitFor();
          await other.waitForTimeout(400);
          const label = `${path} ${scheme} ${width}`;
          const wide = await overflow(other);
          if (wide > 0) problems.push(`${label}: wider than the window by ${wide} px`);
          if (width > 500 || scheme === "light") for (const v of await violations(other)) problems.push(`${label}: ${v}`);
          const name = path === incident ? "incident" : path.replace(/[^a-z]+/g, "-").replace(/^-|-$/g, "") || "overview";
          await picture(other, `${name}-${scheme}-${width}`);
        }
        for (const trouble of other.troubles) problems.push(`${scheme} ${width}: ${trouble}`);
        await other.close();
      }
    }
    const found = [...new Set(problems)];
    assert.ok(found.length === 0, found.join("\n"));
  });
});

/** Takes a picture of an address for the documents, light and dark. */
async function take(name, address) {
  mkdirSync(images, { recursive: true });
  for (const scheme of ["light", "dark"]) {
    const other = await open(browser, { scheme, scale: 1.5, width: 1280, height: 800 });
    await other.goto(address);
    await other.locator("main h1").first().waitFor();
    await other.waitForTimeout(name === "overview" ? 25_000 : 2000); // the strip of answers fills with time
    await other.screenshot({ path: join(images, scheme === "light" ? `${name}.png` : `${name}-dark.png`) });
    await other.close();
  }
}
