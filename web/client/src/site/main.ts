/* Small helps on the pages. Everything works without them, except what only a script can do. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/components.css";
import "./site.css";
import { offerCopying } from "./copy";
import { offerDeviceCheck } from "./device-check";
import { closeMenus } from "./menu";

function askBeforeSending(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset["confirm"] ?? "")) event.preventDefault();
    });
  }
}

/** Beside the planned time, say what the visitor's own clock will show, when that differs. */
function tellOwnTime(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-own-time]")) {
    const moment = new Date(place.dataset["ownTime"] ?? "");
    const own = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const planned = place.parentElement?.querySelector("time")?.textContent?.trim() ?? "";
    const text = own.format(moment);
    if (planned.startsWith(text)) continue;
    place.textContent = (place.dataset["words"] ?? "{time}").replace("{time}", text);
    place.hidden = false;
  }
}

function showWhatIsWrong(): void {
  document.querySelector<HTMLElement>("[data-focus]")?.focus();
}

offerCopying();
offerDeviceCheck();
askBeforeSending();
tellOwnTime();
showWhatIsWrong();
closeMenus();
