import type { Entry, ScreenState } from "./shapes";
import { config, say } from "./words";

const screen = byId("screen");
const clock = byId("clock");
const place = byId("place");
const line = byId("line");

const time = new Intl.DateTimeFormat(config.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
let drawn = "";

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page lacks #${id}.`);
  return found;
}

function make(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** Replace what is shown, unless it is shown already: a screen reader need not hear it every five seconds. */
function draw(key: string, build: () => Node[]): void {
  if (key === drawn) return;
  drawn = key;
  screen.replaceChildren(...build());
}

export function showLine(text: string): void {
  if (line.textContent !== text) line.textContent = text;
}

export function showOffline(since: Date): void {
  showLine(say("offline", { time: time.format(since) }));
}

export function showCode(code: string, site: string): void {
  clock.textContent = time.format(new Date());
  place.textContent = "";
  draw(`code ${code}`, () => {
    const shown = make("p", "kiosk__code", code);
    shown.setAttribute("aria-label", `${say("code_label")}: ${[...code].join(" ")}`);
    return [
      make(
        "section",
        "kiosk__pair",
        make("h1", "", say("pair_title")),
        make("p", "kiosk__text", say("pair_text")),
        shown,
        make("p", "kiosk__text kiosk__text--quiet", `${site}/endpoints`),
        make("p", "kiosk__text kiosk__text--quiet", say("code_renewed")),
      ),
    ];
  });
}

type Act = (meeting: string) => void;

/** The day's occurrences. With `stay`, the device is about to go back into what is on, and can be told not to. */
export function showDay(state: ScreenState, join: Act, stay: Act | null): void {
  clock.textContent = state.clock;
  place.textContent = [state.organisation, state.name].filter((part, at, all) => part && all.indexOf(part) === at).join(" · ");
  draw(JSON.stringify([state.entries, state.join?.slug, stay !== null]), () => [
    make("h1", "kiosk__title", say("today")),
    state.entries.length === 0
      ? make("p", "kiosk__text", say("nothing_today"))
      : make("ul", "kiosk__list", ...state.entries.map((entry) => row(entry, join))),
    ...(state.join && stay ? [goingBack(state.join.meeting, stay)] : []),
  ]);
}

function goingBack(meeting: string, stay: Act): HTMLElement {
  const button = make("button", "button button--large", say("stay"));
  button.addEventListener("click", () => {
    stay(meeting);
    button.parentElement?.remove();
  });
  return make("p", "kiosk__return", say("returns"), button);
}

function row(entry: Entry, join: Act): HTMLElement {
  const item = make(
    "li",
    entry.live ? "kiosk__entry kiosk__entry--live" : "kiosk__entry",
    make("p", "kiosk__time", `${entry.begins}–${entry.ends}`),
    make("div", "kiosk__what", make("h2", "", entry.title), make("p", "kiosk__state", state(entry))),
  );
  if (entry.live && entry.meeting) {
    const button = make("button", "button button--accent button--large", say("join_now"));
    button.addEventListener("click", () => join(entry.meeting));
    item.append(button);
  }
  return item;
}

function state(entry: Entry): string {
  if (entry.status === "cancelled") return say("cancelled");
  if (entry.live) return say("on_now");
  return entry.joins_at ? say("next_joins", { time: entry.begins }) : "";
}
