/* The service worker: pages that were read before can be read again without a network, every other page is answered
   calmly, and what waits is delivered when the network is back. What it may keep: ../offline/rules. */

import { SYNC, deliver } from "../offline/delivery";
import { MOST_ASSETS, SHELL, STATIC, handling, outdated, surplus, type Asked } from "../offline/rules";
import { asset, done, file, hear, navigation, prepare, shell, signOut } from "./answers";
import type { Fetches, Worker } from "./types";

const worker = self as unknown as Worker;

worker.addEventListener("install", (event) => event.waitUntil(prepare(SHELL + worker.VIKNO_BUILD)));

worker.addEventListener("activate", (event) => event.waitUntil(begin()));

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== worker.location.origin) return;
  const answer = answerTo(event, url);
  if (answer) event.respondWith(answer);
});

worker.addEventListener("sync", (event) => {
  if (event.tag === SYNC) event.waitUntil(deliverAll());
});

worker.addEventListener("message", (event) => {
  const told = event.data as { kind?: string; account?: string };
  if (told.kind === "take over") event.waitUntil(worker.skipWaiting());
  if (told.kind === "account" && told.account) event.waitUntil(hear(told.account));
});

function answerTo(event: Fetches, url: URL): Promise<Response> | null {
  switch (handling(asked(event.request, url))) {
    case "asset":
      return asset(event.request);
    case "shell":
      return shell(event.request, SHELL + worker.VIKNO_BUILD);
    case "file":
      return file(event.request, url);
    case "page":
      return navigation(event, true);
    case "navigation":
      return navigation(event, false);
    case "sign-out":
      return signOut(event.request);
    case "done":
      return done(event.request, url, worker.registration);
    case "pass":
      return null;
  }
}

function asked(request: Request, url: URL): Asked {
  return {
    method: request.method,
    path: url.pathname,
    search: url.search,
    navigation: request.mode === "navigate",
    destination: request.destination,
    ranged: request.headers.has("range"),
    multipart: (request.headers.get("content-type") ?? "").startsWith("multipart/"),
  };
}

async function begin(): Promise<void> {
  for (const name of outdated(await caches.keys(), worker.VIKNO_BUILD)) await caches.delete(name);
  const assets = await caches.open(STATIC);
  for (const old of surplus(await assets.keys(), MOST_ASSETS)) await assets.delete(old);
  await worker.registration.navigationPreload?.enable();
  await worker.clients.claim();
}

/** Fails while something is left, so that the browser calls again later. */
async function deliverAll(): Promise<void> {
  const { left } = await deliver();
  if (left) throw new Error("Something still waits.");
}
