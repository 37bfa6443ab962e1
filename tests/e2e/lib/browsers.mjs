import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

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

/** Firefox finds a server on the loopback interface only when told to look there, and trusted with a camera. */
const FIREFOX_ON_LOOPBACK = {
  ...FIREFOX,
  extraPrefsFirefox: {
    ...FIREFOX.extraPrefsFirefox,
    "media.peerconnection.ice.loopback": true,
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
  },
};

/** The laboratory's server has a certificate of its own making; Chromium is told so for its relay too. */
const IN_THE_LAB = {
  chromium: { ...CHROMIUM, acceptInsecureCerts: true, args: [...CHROMIUM.args, "--ignore-certificate-errors"] },
  firefox: { ...FIREFOX, acceptInsecureCerts: true },
};

const KINDS = {
  chromium: CHROMIUM,
  firefox: FIREFOX_ON_LOOPBACK,
  "firefox as installed": FIREFOX,
  "chromium in the lab": IN_THE_LAB.chromium,
  "firefox in the lab": IN_THE_LAB.firefox,
};

/** Longest that one call into a page may take, ms: 4K pictures come slowly to a busy machine. */
const CALL_MS_MAX = 300_000;

/** A browser process of its own for one participant; `end` closes it and removes its profile. */
export async function open(kind, size = PICTURE) {
  const home = await mkdtemp(join(tmpdir(), "fmz-browser-"));
  const browser = await puppeteer.launch({
    ...KINDS[kind],
    headless: true,
    protocolTimeout: CALL_MS_MAX,
    defaultViewport: size,
    userDataDir: join(home, "profile"),
    env: { ...process.env, HOME: home },
  });
  const end = async () => {
    await browser.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { kind, browser, end };
}
