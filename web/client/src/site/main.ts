/* Small helps on the pages. Everything works without them, except what only a script can do. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/components.css";
import "./site.css";
import { offerLive } from "./live";
import { offerQuestions } from "./live/questions";
import { offerCopying } from "./copy";
import { offerDropping } from "./verifying";
import { offerPlanning } from "./planner";
import { offerDeviceCheck } from "./device-check";
import { closeMenus } from "./menu";
import { walkTheMonth } from "./month";
import { editItems, goOn } from "./items";
import { keepWhenLeft } from "./keeping";
import { followLesson } from "./lesson";
import { takeTest } from "./attempt";
import { tellOwnTime } from "./own-time";
import { offerWatching } from "./recording";
import { goOnWithoutNetwork } from "./offline/app";
import { offerKeeping } from "./offline/keep";
import { listWhatIsKept } from "./offline/list";
import { tellOfCopies } from "./offline/copies";

function askBeforeSending(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset["confirm"] ?? "")) event.preventDefault();
    });
  }
}

/* Printing needs a script; without it the browser's own menu does. */
function offerPrinting(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

offerPlanning();
offerDropping();
offerPrinting();
keepWhenLeft();
offerCopying();
offerDeviceCheck();
askBeforeSending();
tellOwnTime();
offerWatching();
followLesson();
takeTest();
editItems();
tellOfCopies();
offerKeeping();
listWhatIsKept();
goOnWithoutNetwork();
offerLive();
offerQuestions();
goOn();
closeMenus();
walkTheMonth();
