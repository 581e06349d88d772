// @ts-nocheck (tests are not type-checked; bench/ imports this file, with the types it declares)
// Starts each browser and shows it a page. Chromium and Firefox are driven by
// puppeteer, WebKitGTK's MiniBrowser by plain W3C WebDriver calls, and where it has to keep a profile,
// which those sessions do not, by webkit.py. All are the distribution's own; one that is missing or does
// not start is an error, never a skip.

import { spawn } from "node:child_process";
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

/**
 * @typedef {object} Browser
 * @property {string} version
 * @property {(url: string) => Promise<void>} open  shows the URL in a fresh page, the only one
 * @property {(url: string) => Promise<void>} [openAnother]  in one more page
 * @property {(code: string) => Promise<any>} [evaluate]  an expression in the page, awaited; not in WebKitGTK with a profile
 * @property {(file: string) => Promise<void>} [screenshot]  as a PNG
 * @property {string[]} [messages]  warnings and errors on the console of all pages, and of their workers in Chromium
 * @property {(method: string, parameters: object) => Promise<any>} [command]  of Chromium's protocol
 * @property {() => Promise<void>} [kill]  as a crash of the machine would
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Settings
 * @property {string} [profile] folder that survives the browser; without it, a new one
 * @property {boolean} [isPrivate] a private window, as each of WebKitGTK's without a profile is
 * @property {Record<string, unknown>} [preferences] Firefox's
 * @property {number} [ratio] of the disk that one origin may use, WebKitGTK's with a profile
 * @property {boolean} [noDatabases] WebKitGTK's with a profile: pages have no IndexedDB
 * @property {boolean} [throttles] Chromium's pages that are out of sight: as for users, and not as for tests
 * @property {boolean} [measures] times are taken: whatever the engine does, even if it slows tests down
 */

/** A name of this machine that pages are served under, unlike loopback's without being secure. */
export const INSECURE_HOST = "insecure.test";

/** @type {Record<string, (settings?: Settings) => Promise<Browser>>} */
export const browsers = {
  // Chromium's sandbox refuses to run as root, which is who continuous integration often is; the
  // pages are our own.
  Chromium: (settings) =>
    launch(
      {
        executablePath: find("chromium"),
        args: ["--no-sandbox", `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`],
      },
      settings,
    ),
  Firefox: ({ preferences, ...settings } = {}) =>
    launch(
      {
        executablePath: find("firefox", "firefox-esr"),
        browser: "firefox",
        extraPrefsFirefox: {
          "network.dns.localDomains": INSECURE_HOST,
          ...preferences,
          ...(settings.isPrivate ? { "browser.privatebrowsing.autostart": true } : {}),
        },
      },
      settings,
    ),
  WebKitGTK: (settings) =>
    settings?.profile ? launchWebKitWith(settings) : launchWebKit(settings),
};

/**
 * For pages that live some seconds, WebKit's last compiler of WebAssembly takes more than it gives: it
 * doubles what a visit costs.
 */
function webKitEnvironment({ measures } = {}) {
  return measures ? process.env : { ...process.env, JSC_useOMGJIT: "0" };
}

/** What puppeteer asks of Chromium so that pages which nobody sees are as fast as others. */
const NO_THROTTLING = [
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/** The first of these programs on the PATH. */
function find(...names) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // not here: the next one
      }
    }
  }
  throw new Error(`${names.join(" or ")} is not installed`);
}

/**
 * @param {object} options puppeteer's
 * @param {Settings} [settings]
 * @returns {Promise<Browser>}
 */
async function launch(options, { profile, isPrivate, throttles } = {}) {
  const isChromium = options.browser !== "firefox";
  // Puppeteer puts these aside and back again, and stumbles when it was kept from the latter.
  if (profile && !isChromium)
    for (const file of ["user.js", "prefs.js"]) appendFileSync(join(profile, file), "");
  const browser = await puppeteer.launch({
    headless: true,
    protocolTimeout: 600_000,
    ...(profile ? { userDataDir: profile } : {}),
    ...(throttles ? { ignoreDefaultArgs: NO_THROTTLING } : {}),
    ...options,
  });
  const context =
    isPrivate && isChromium
      ? await browser.createBrowserContext()
      : browser.defaultBrowserContext();
  let page;
  let session; // of a page that stays: what a session sets ends with its page
  const messages = [];
  const openAnother = async (url) => {
    // Others may be opened at the same time.
    const opened = (page = await context.newPage());
    await opened.setViewport({ width: 1300, height: 900 });
    opened.on("console", (message) => {
      if (["warn", "error"].includes(message.type())) messages.push(message.text());
    });
    opened.on("pageerror", (error) => messages.push(String(error?.message ?? error)));
    await opened.goto(url, { waitUntil: "domcontentloaded" });
  };
  return {
    version: await browser.version(),
    async open(url) {
      await page?.close();
      await openAnother(url);
    },
    openAnother,
    messages,
    evaluate: (code) => page.evaluate(code),
    screenshot: (file) => page.screenshot({ path: file }),
    async command(method, parameters) {
      session ??= await (await context.newPage()).createCDPSession();
      return session.send(method, parameters);
    },
    async kill() {
      browser.process()?.kill("SIGKILL");
      await browser.close().catch(() => {});
      if (profile && !isChromium) await untilTidied(profile);
    },
    close: () => browser.close(),
  };
}

/**
 * Once Firefox's process has ended, puppeteer puts the preferences that it put aside back; a browser that
 * is started before would trip over that.
 */
async function untilTidied(profile) {
  for (let tries = 0; tries < 100; tries++) {
    if (!readdirSync(profile).some((file) => file.endsWith(".js.puppeteer"))) return;
    await sleep(100);
  }
  throw new Error("puppeteer did not tidy Firefox's profile within 10 s");
}

// ---- WebKitGTK ----------------------------------------------------------------------------------

/** @param {Settings} [settings] */
async function launchWebKit(settings) {
  const port = await freePort();
  // The browser has no headless mode: it runs in a display of its own.
  const driver = spawn(find("xvfb-run"), ["-a", find("WebKitWebDriver"), `--port=${port}`], {
    stdio: "ignore",
    detached: true,
    env: webKitEnvironment(settings),
  });
  const died = new Promise((_, reject) => {
    driver.on("error", reject);
    driver.on("exit", (code) => reject(new Error(`WebKitWebDriver ended with exit code ${code}`)));
  });
  died.catch(() => {}); // looked at only while starting
  // The display, the driver and the browser are one process group, which must not outlive this
  // process.
  const stop = () => {
    process.removeListener("exit", stop);
    if (driver.exitCode === null) process.kill(-driver.pid);
  };
  process.once("exit", stop);
  try {
    return await Promise.race([startSession(`http://127.0.0.1:${port}`, stop), died]);
  } catch (error) {
    stop();
    throw error;
  }
}

async function startSession(server, stop) {
  await untilReady(server);
  const binary = findMiniBrowser();
  const { sessionId, capabilities } = await call(server, "POST", "/session", {
    capabilities: {
      alwaysMatch: { "webkitgtk:browserOptions": { binary, args: ["--automation"] } },
    },
  });
  const session = `/session/${sessionId}`;
  await call(server, "POST", `${session}/timeouts`, { script: 300_000 });
  return {
    version: `WebKitGTK ${capabilities.browserVersion}`,
    open: (url) => call(server, "POST", `${session}/url`, { url }),
    evaluate: (code) =>
      call(server, "POST", `${session}/execute/async`, {
        script: "const done = arguments[1]; Promise.resolve(eval(arguments[0])).then(done);",
        args: [code],
      }),
    screenshot: async (file) =>
      writeFileSync(
        file,
        Buffer.from(await call(server, "GET", `${session}/screenshot`), "base64"),
      ),
    async close() {
      await call(server, "DELETE", session);
      stop();
    },
  };
}

/**
 * @param {Settings} settings
 * @returns {Promise<Browser>}
 */
async function launchWebKitWith(settings) {
  const { profile, ratio, noDatabases } = settings;
  const script = fileURLToPath(new URL("webkit.py", import.meta.url));
  // Debian's Python, which has the bindings.
  const command = ["/usr/bin/python3", script, profile];
  if (ratio) command.push("--ratio", `${ratio}`);
  if (noDatabases) command.push("--no-databases");
  const child = spawn(find("xvfb-run"), ["-a", ...command], {
    stdio: ["pipe", "pipe", "ignore"],
    env: webKitEnvironment(settings),
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`WebKitGTK ended with exit code ${child.exitCode}`);
    return value;
  };
  const [version, group] = (await line()).split(" ");
  const stop = async (signal) => {
    process.removeListener("exit", stopAtExit);
    if (child.exitCode === null) process.kill(-group, signal);
    await ended;
  };
  const stopAtExit = () => process.kill(-group);
  process.once("exit", stopAtExit);
  const show = async (address) => {
    child.stdin.write(`${address}\n`);
    await line();
  };
  return {
    version: `WebKitGTK ${version}`,
    open: (url) => show(`only ${url}`),
    openAnother: show,
    kill: () => stop("SIGKILL"),
    async close() {
      child.stdin.end("\n");
      await ended;
      process.removeListener("exit", stopAtExit);
    },
  };
}

/** One WebDriver command. */
async function call(server, method, path, parameters) {
  const response = await fetch(server + path, {
    method,
    body: parameters && JSON.stringify(parameters),
  });
  const { value } = await response.json();
  if (!response.ok)
    throw new Error(`WebDriver ${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}

async function untilReady(server) {
  for (let tries = 0; tries < 100; tries++) {
    const status = await call(server, "GET", "/status").catch(() => undefined);
    if (status?.ready) return;
    await sleep(100);
  }
  throw new Error("WebKitWebDriver did not answer within 10 s");
}

/** Not on the PATH: it lies with the library, /usr/lib/<architecture>/webkit2gtk-<API version>/. */
function findMiniBrowser() {
  const folders = readdirSync("/usr/lib").flatMap((architecture) =>
    ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"].map((library) =>
      join("/usr/lib", architecture, library, "MiniBrowser"),
    ),
  );
  const found = folders.find((path) => existsSync(path));
  if (!found) throw new Error("WebKitGTK's MiniBrowser is not installed");
  return found;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}
