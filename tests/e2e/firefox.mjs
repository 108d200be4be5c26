// Joins a room with Firefox (WebDriver BiDi through puppeteer-core) and prints one JSON line a second of what it
// sends, receives and shows. Arguments: folder of node_modules, address of the room, name, folder for the profile.
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, url, name, profile] = process.argv.slice(2);
const puppeteer = createRequire(join(modules, "package.json"))("puppeteer-core");

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: "/usr/bin/firefox-esr",
  headless: true,
  userDataDir: profile,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    // The room is opened by the address of a test network: without TLS, but to be trusted as localhost is.
    "dom.securecontext.allowlist": new URL(url).hostname,
    "media.devices.insecure.enabled": true,
    "media.getusermedia.insecure.enabled": true,
    "app.update.enabled": false,
  },
});
process.on("SIGTERM", () => void browser.close().finally(() => process.exit(0)));

const page = await browser.newPage();
page.on("pageerror", (error) => console.error("page error:", String(error)));
await page.goto(url);
await page.locator("[data-testid=name]").fill(name);
await page.locator("[data-testid=join]").click();

async function measure() {
  const figures = { phase: window.__vikno?.phase, decoded: [], energy: [], sent: {} };
  const read = async (connection, each) => {
    if (connection) (await connection.getStats()).forEach(each);
  };
  await read(window.__vikno?.subscribeConnection, (report) => {
    if (report.type !== "inbound-rtp") return;
    if (report.kind === "video") figures.decoded.push(report.framesDecoded ?? 0);
    else figures.energy.push(report.totalAudioEnergy ?? 0);
  });
  await read(window.__vikno?.publishConnection, (report) => {
    if (report.type === "outbound-rtp") figures.sent[report.kind] = report.packetsSent ?? 0;
  });
  figures.codecs = RTCRtpReceiver.getCapabilities("video").codecs.map(({ mimeType }) => mimeType);
  figures.undecodable = [...(window.__vikno?.undecodable ?? [])];
  figures.tiles = [...document.querySelectorAll("[data-testid=tile]")].map((tile) => ({
    name: tile.dataset.name,
    undecodable: tile.dataset.undecodable === "true",
    video: tile.querySelector("video") !== null,
    text: tile.innerText,
  }));
  return figures;
}

for (;;) {
  console.log(JSON.stringify(await page.evaluate(measure)));
  await new Promise((done) => setTimeout(done, 500));
}
