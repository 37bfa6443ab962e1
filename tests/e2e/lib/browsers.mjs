import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import puppeteer from "puppeteer-core";
import { CALL_MS_MAX, PATIENCE_MS } from "./deadline.mjs";

export const PICTURE = { width: 1280, height: 720 };

const CHROMIUM = {
  browser: "chrome",
  protocol: "webDriverBiDi",
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream=fps=24",
    "--use-fake-ui-for-media-stream",
  ],
};

const FIREFOX = {
  browser: "firefox",
  executablePath: process.env.E2E_FIREFOX ?? "/usr/bin/firefox-esr",
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "intl.accept_languages": "en",
    "app.update.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "toolkit.telemetry.enabled": false,
  },
};

/**
 * Settings of Firefox for a server on the loopback interface: Firefox looks there only if told to,
 * and only if it may use a camera.
 */
const FIREFOX_ON_LOOPBACK = {
  ...FIREFOX,
  extraPrefsFirefox: {
    ...FIREFOX.extraPrefsFirefox,
    "media.peerconnection.ice.loopback": true,
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
  },
};

/**
 * In the laboratory, the server's certificate comes from an authority of the laboratory, which
 * these browsers trust.
 */
const IN_THE_LAB = { authority: process.env.LAB_AUTHORITY };

const KINDS = {
  chromium: CHROMIUM,
  firefox: FIREFOX_ON_LOOPBACK,
  "firefox as installed": FIREFOX,
  "chromium in the lab": { ...CHROMIUM, ...IN_THE_LAB },
  "firefox in the lab": { ...FIREFOX, ...IN_THE_LAB },
};

/** Opens a browser process for one participant. `end` closes it and removes its profile. */
export async function open(kind, size = PICTURE) {
  const { authority, ...options } = KINDS[kind];
  const home = await mkdtemp(join(tmpdir(), "fmz-browser-"));
  const profile = join(home, "profile");
  if (authority) await trust(authority, options.browser === "firefox" ? profile : join(home, ".pki/nssdb"));
  const browser = await puppeteer.launch({
    ...options,
    headless: true,
    protocolTimeout: CALL_MS_MAX,
    timeout: PATIENCE_MS,
    defaultViewport: size,
    userDataDir: profile,
    env: { ...process.env, HOME: home },
  });
  const end = async () => {
    await browser.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { kind, browser, end };
}

/** Makes a database of certificates that holds one authority. */
async function trust(authority, folder) {
  await mkdir(folder, { recursive: true });
  const certutil = (...options) => promisify(execFile)("certutil", ["-d", `sql:${folder}`, ...options]);
  await certutil("-N", "--empty-password");
  await certutil("-A", "-n", "authority", "-t", "C,,", "-i", authority);
}
