/* A page that is a stored copy says so; and a lesson that was marked as done without a network says that it waits. */

import * as database from "../../offline/database";
import { deliverLater } from "../../offline/delivery";
import { account, storedHere } from "./app";

export function tellOfCopies(): void {
  const stored = document.documentElement.dataset["stored"];
  const notice = document.querySelector<HTMLElement>("[data-stored-notice]");
  if (stored && notice) {
    const at = notice.querySelector("time");
    if (at) {
      at.dateTime = stored;
      at.textContent = moment(stored);
    }
    notice.hidden = false;
  }
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-done]")) void followMark(form);
}

export function moment(iso: string): string {
  const words = { dateStyle: "long", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(document.documentElement.lang, words).format(new Date(iso));
}

async function followMark(form: HTMLFormElement): Promise<void> {
  const path = new URL(form.action).pathname;
  const waits = await database.get("letters", path);
  if (waits && waits.account === account()) sayThatItWaits(form);
  form.addEventListener("submit", (event) => {
    if (navigator.onLine && storedHere() === null) return;
    event.preventDefault();
    void keepMark(form, path);
  });
}

/** Where the network is gone without the browser's knowing, the service worker keeps the mark in the same way. */
async function keepMark(form: HTMLFormElement, path: string): Promise<void> {
  const place = window.location.pathname;
  const kept = await database.put("letters", {
    ...{ path, place, account: account(), kind: "done", position: 0, sequence: 1, writer: "", fields: [] },
    ...{ at: Date.now(), sent: false },
  });
  if (!kept) return;
  sayThatItWaits(form);
  await deliverLater();
}

function sayThatItWaits(form: HTMLFormElement): void {
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.className = "muted";
  said.textContent = form.dataset["done"] ?? "";
  form.querySelector("button")?.replaceWith(said);
}
