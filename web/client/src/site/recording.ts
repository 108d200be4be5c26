/** A recording's page: jump to a moment, go on where one stopped, choose the speed; and wait until it is made. */

import { copies } from "./copy";
import { offerTranscript } from "./transcript";

const KEPT = "vikno.watched.";
const SPEED = "vikno.speed";
const QUALITY = "vikno.quality";
const NOT_WORTH_S = 15;

export function offerWatching(): void {
  waitUntilMade();
  const page = document.querySelector<HTMLElement>("[data-recording]");
  const video = page?.querySelector("video");
  if (!page || !video) return;
  const code = page.dataset["recording"] ?? "";
  for (const link of page.querySelectorAll<HTMLAnchorElement>("[data-at]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      goTo(video, Number(link.dataset["at"]));
      void video.play().catch(() => undefined);
    });
  }
  offerQualities(page, video);
  offerTools(page, video, code);
  const asked = moment(location.hash);
  if (asked !== null) goTo(video, asked);
  window.addEventListener("hashchange", () => {
    const at = moment(location.hash);
    if (at !== null) goTo(video, at);
  });
  followMoments(page, video);
  offerTranscript(page);
}

/** Seconds in `#t=90`, or null. */
export function moment(hash: string): number | null {
  const found = /^#t=(\d{1,6})(?:\.\d+)?$/.exec(hash);
  return found ? Number(found[1]) : null;
}

/** `1:02:03`, or `2:03` within the first hour. */
export function stamp(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Whether the browser says that the line is slow, or that data is dear (Network Information API, where there is one). */
export function isWeak(line: { saveData?: boolean; effectiveType?: string } | undefined): boolean {
  return line?.saveData === true || ["slow-2g", "2g", "3g"].includes(line?.effectiveType ?? "");
}

/** The same recording with a small picture, or without one. What was chosen is kept for the next recording. */
function offerQualities(page: HTMLElement, video: HTMLVideoElement): void {
  const place = page.querySelector<HTMLElement>("[data-qualities]");
  const links = [...(place?.querySelectorAll<HTMLAnchorElement>("[data-quality]") ?? [])];
  if (!place || !links.length) return;
  const status = place.querySelector<HTMLElement>("[data-chosen]");
  const say = (words: string): void => {
    if (status) status.textContent = words;
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      write(QUALITY, link.dataset["quality"] ?? "");
      say("");
      show(video, links, link);
    });
  }
  if ("asked" in place.dataset) return;
  const kept = read(QUALITY);
  const byItself = !kept && isWeak((navigator as { connection?: { saveData?: boolean } }).connection);
  const wanted = links.find(({ dataset }) => dataset["quality"] === (byItself ? "small" : kept));
  if (!wanted || wanted.hasAttribute("aria-current")) return;
  show(video, links, wanted);
  if (byItself) say(status?.dataset["chosen"] ?? "");
}

/** Goes on at the same moment from another file. */
function show(video: HTMLVideoElement, links: HTMLAnchorElement[], link: HTMLAnchorElement): void {
  const [at, playing] = [video.currentTime, !video.paused];
  for (const each of links) each.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  video.src = link.dataset["source"] ?? "";
  video.load();
  if (at > 0) goTo(video, at);
  if (playing) void video.play().catch(() => undefined);
}

function goTo(video: HTMLVideoElement, at: number): void {
  if (video.readyState > 0) video.currentTime = at;
  else video.addEventListener("loadedmetadata", () => (video.currentTime = at), { once: true });
}

function offerTools(page: HTMLElement, video: HTMLVideoElement, code: string): void {
  const tools = page.querySelector<HTMLElement>("[data-tools]");
  if (!tools) return;
  tools.hidden = false;
  const speed = tools.querySelector<HTMLSelectElement>("[data-speed]");
  if (speed) offerSpeed(speed, video);
  const button = tools.querySelector<HTMLButtonElement>("[data-moment]");
  if (button) copies(button, () => `${location.origin}${location.pathname}#t=${Math.floor(video.currentTime)}`);
  offerGoingOn(tools, video, KEPT + code);
}

/** The speed is kept: whoever watches fast does so in every recording. */
function offerSpeed(speed: HTMLSelectElement, video: HTMLVideoElement): void {
  const kept = read(SPEED);
  if ([...speed.options].some(({ value }) => value === kept)) speed.value = kept;
  video.defaultPlaybackRate = video.playbackRate = Number(speed.value);
  speed.addEventListener("change", () => {
    video.defaultPlaybackRate = video.playbackRate = Number(speed.value);
    write(SPEED, speed.value === "1" ? "" : speed.value);
  });
}

function offerGoingOn(tools: HTMLElement, video: HTMLVideoElement, key: string): void {
  const place = tools.querySelector<HTMLElement>("[data-resume]");
  const stopped = Number(read(key));
  if (place && stopped > NOT_WORTH_S && moment(location.hash) === null) {
    const button = place.querySelector("button");
    if (button) {
      button.textContent = (place.dataset["words"] ?? "{time}").replace("{time}", stamp(stopped));
      button.addEventListener("click", () => {
        goTo(video, stopped);
        void video.play().catch(() => undefined);
        place.hidden = true;
      });
      place.hidden = false;
    }
  }
  let kept = -Infinity;
  video.addEventListener("timeupdate", () => {
    if (Math.abs(video.currentTime - kept) < 5) return;
    kept = video.currentTime;
    const over = video.duration - kept < NOT_WORTH_S;
    write(key, over ? "" : String(Math.floor(kept)));
  });
}

/** Marks in each list what belongs to the moment that is seen, and keeps it in view unless somebody reads there. */
function followMoments(page: HTMLElement, video: HTMLVideoElement): void {
  const lists = [...page.querySelectorAll<HTMLElement>(".moments")];
  video.addEventListener("timeupdate", () => {
    for (const list of lists) {
      const links = [...list.querySelectorAll<HTMLElement>("li:not([hidden]) > [data-at]")];
      const now = links.filter((link) => Number(link.dataset["at"]) <= video.currentTime + 0.3).at(-1);
      if (now && !now.hasAttribute("aria-current")) keepInView(list, now);
      for (const link of links) {
        if (link === now) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  });
}

function keepInView(list: HTMLElement, link: HTMLElement): void {
  if (list.scrollHeight <= list.clientHeight || list.matches(":hover, :focus-within")) return;
  const [outer, inner] = [list.getBoundingClientRect(), link.getBoundingClientRect()];
  list.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
}

function waitUntilMade(): void {
  const place = document.querySelector<HTMLElement>("[data-working]");
  const address = place?.dataset["working"];
  if (!place || !address) return;
  const timer = setInterval(() => {
    void fetch(address, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? (answer.json() as Promise<{ state: string; progress: number }>) : null))
      .then((told) => {
        if (!told) return;
        const bar = place.querySelector("progress");
        if (told.state === "processing" && bar) bar.value = told.progress;
        else if (told.state !== "queued" || bar) {
          if (["capturing", "queued"].includes(told.state)) return;
          clearInterval(timer);
          location.reload();
        }
      })
      .catch(() => undefined);
  }, 4000);
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // Private windows keep nothing: then one begins at the beginning.
  }
}
