/* The site without a network: the service worker is set to work, what waits is delivered, and nothing of one person is
   left to the next one. */

import * as database from "../../offline/database";
import { CHANNEL, deliver, deliverLater, type Delivered } from "../../offline/delivery";
import { forgetOthers } from "../../offline/forgetting";
import { NOBODY } from "../../offline/rules";

const SIGN_OUT_MS = 4_000;

/** Whose page this is; empty on pages that do not say. */
export function account(): string {
  return document.documentElement.dataset["account"] ?? "";
}

/** When this page was stored, by this device's clock (ms); null for a page fresh from the server. */
export function storedHere(): number | null {
  const at = document.documentElement.dataset["storedHere"];
  return at === undefined ? null : Number(at);
}

export function goOnWithoutNetwork(): void {
  if (!("caches" in window)) return; // only secure pages may keep anything
  void begin();
  for (const form of document.querySelectorAll<HTMLFormElement>('form[action="/sign-out"]')) deliverBeforeSigningOut(form);
  if (typeof BroadcastChannel !== "undefined") new BroadcastChannel(CHANNEL).onmessage = (event) => tell(event.data as Delivered);
}

async function begin(): Promise<void> {
  const whose = account();
  const registering = register(); // whatever becomes of the stores
  if (whose) await forgetOthers(whose).catch(() => undefined); // the worker does it, too
  const registration = await registering;
  if (whose) registration?.active?.postMessage({ kind: "account", account: whose });
  window.addEventListener("online", () => void sendWhatWaits());
  await sendWhatWaits();
  if (whose === NOBODY) await tellOfUnsent();
}

async function sendWhatWaits(): Promise<void> {
  const done = await deliver();
  tell(done);
  if (done.left) await deliverLater();
}

function tell(done: Delivered): void {
  if (done.sent || done.refused) toast(word(done.refused ? "refused" : "sent").replace("{count}", String(done.sent + done.refused)));
}

async function register(): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator)) return null;
  try {
    const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    if (registration.waiting && navigator.serviceWorker.controller) offerUpdate(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const found = registration.installing;
      found?.addEventListener("statechange", () => {
        if (found.state === "installed" && navigator.serviceWorker.controller) offerUpdate(found);
      });
    });
    return registration;
  } catch {
    return null; // a certificate that the browser does not trust, a private window: the site works without
  }
}

/** A new version waits until somebody asks for it: nobody's page is changed under their hands. */
function offerUpdate(worker: ServiceWorker): void {
  const button = document.createElement("button");
  button.className = "button";
  button.type = "button";
  button.textContent = word("reload");
  button.addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => window.location.reload(), { once: true });
    worker.postMessage({ kind: "take over" });
  });
  toast(word("update"), button);
}

/** What waits goes out first, if the network lets it; what does not is said before anybody leaves. */
function deliverBeforeSigningOut(form: HTMLFormElement): void {
  let asked = false;
  form.addEventListener("submit", (event) => {
    if (asked) return;
    event.preventDefault();
    void (async () => {
      await Promise.race([deliver(), new Promise((resolve) => setTimeout(resolve, SIGN_OUT_MS))]);
      const left = (await database.waiting()).filter((each) => each.account === account()).length;
      if (left && !window.confirm(word("leave").replace("{count}", String(left)))) return;
      asked = true;
      form.requestSubmit();
    })();
  });
}

async function tellOfUnsent(): Promise<void> {
  const left = (await database.waiting()).length;
  const shown = document.querySelector<HTMLElement>("[data-unsent]");
  if (!left || !shown) return;
  shown.hidden = false;
  shown.textContent = (shown.dataset["unsent"] ?? "").replace("{count}", String(left));
}

export function toast(text: string, ...more: HTMLElement[]): void {
  const shown = document.querySelector<HTMLElement>("[data-toast]");
  if (!shown || !text) return;
  const said = document.createElement("p");
  said.textContent = text;
  shown.replaceChildren(said, ...more);
}

function word(name: string): string {
  const shown = document.querySelector<HTMLElement>("[data-toast]");
  return shown?.dataset[`word${name[0]!.toUpperCase()}${name.slice(1)}`] ?? "";
}
