/* The screen of a shared device: shows a code until it is paired, then the day's occurrences; joins by itself. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/components.css";
import "./endpoint.css";
import { ask, Refused } from "./ask";
import { keepAwake } from "./awake";
import { showCode, showDay, showLine, showOffline } from "./screen";
import type { PairingStarted, PairingState, ScreenState } from "./shapes";
import { config, words } from "./words";

const STATE_EVERY_MS = 5_000;
const RETRY_MS = 5_000;
const CODE_KEY = "vikno-pairing";
/** The meeting into which this device went last; back from there it waits a little, in case somebody left on purpose. */
const WENT_KEY = "vikno-went";
/** The meeting from which somebody said to stay away. */
const STAY_KEY = "vikno-stay";
const RETURN_MS = 20_000;
const openedAt = Date.now();

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function run(): Promise<never> {
  let lostAt: Date | null = null;
  for (;;) {
    let pause = STATE_EVERY_MS;
    try {
      const state = await ask<ScreenState>("GET", "/api/endpoint/state");
      lostAt = null;
      showLine("");
      pause = state.paired ? shown(state) : await pair();
    } catch (error) {
      if (error instanceof Refused && error.status === 403) location.reload();
      lostAt ??= new Date();
      if (error instanceof Refused && error.status === 429) showLine(words["busy"] ?? "");
      else showOffline(lostAt);
      pause = RETRY_MS;
    }
    await wait(pause);
  }
}

function shown(state: ScreenState): number {
  localStorage.removeItem(CODE_KEY);
  const meeting = state.join?.meeting ?? "";
  const staying = meeting !== "" && sessionStorage.getItem(STAY_KEY) === meeting;
  const returning = meeting !== "" && !staying && sessionStorage.getItem(WENT_KEY) === meeting;
  showDay(state, join, returning ? stay : null);
  if (meeting && !staying && (!returning || Date.now() - openedAt > RETURN_MS)) join(meeting);
  return STATE_EVERY_MS;
}

function join(meeting: string): void {
  sessionStorage.setItem(WENT_KEY, meeting);
  sessionStorage.removeItem(STAY_KEY);
  location.assign(`/meet/${encodeURIComponent(meeting)}?as=endpoint`);
}

function stay(meeting: string): void {
  sessionStorage.setItem(STAY_KEY, meeting);
}

async function pair(): Promise<number> {
  let started = remembered();
  if (!started) {
    started = await ask<PairingStarted>("POST", "/api/endpoint/pairing", {});
    localStorage.setItem(CODE_KEY, JSON.stringify(started));
  }
  showCode(started.code, config.site);
  const answer = await ask<PairingState>("POST", "/api/endpoint/pairing/poll", { secret: started.secret });
  if (answer.state !== "waiting") localStorage.removeItem(CODE_KEY);
  return answer.state === "waiting" ? started.poll_seconds * 1000 : 0;
}

function remembered(): PairingStarted | null {
  const text = localStorage.getItem(CODE_KEY);
  if (!text) return null;
  const started = JSON.parse(text) as PairingStarted;
  return new Date(started.expires_at).getTime() > Date.now() ? started : null;
}

keepAwake(() => showLine(words["awake_off"] ?? ""));
void run();
