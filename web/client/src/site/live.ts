/** The public page of a live stream: plays by itself when there is something, and says what is going on. */

import { Captions } from "./live/captions";
import { NOTHING, readConfig, readTold, type LiveConfig, type Told } from "./live/config";
import { offerControls, type Controls } from "./live/controls";
import { countdown } from "./live/countdown";
import { Player } from "./live/player";

const POLL_MS = 4000;
const VIEWER = [...crypto.getRandomValues(new Uint8Array(8))].map((each) => each.toString(16).padStart(2, "0")).join("");

export function offerLive(): void {
  const page = document.querySelector<HTMLElement>("[data-live]");
  const config = readConfig();
  if (page && config && page.querySelector("[data-bar]")) new LivePage(page, config).begin();
}

class LivePage {
  private told: Told;
  private counted = false;
  private stream = "";
  private said = "";
  private lastSeen = -1;
  private readonly video: HTMLVideoElement;
  private readonly player: Player;
  private readonly controls: Controls;

  constructor(
    private readonly page: HTMLElement,
    private readonly config: LiveConfig,
  ) {
    this.told = { ...NOTHING, state: config.state };
    this.video = part(page, "video") as HTMLVideoElement;
    this.player = new Player(this.video, config.base, () => this.show());
    const captions = new Captions(config.base, part(page, "[data-captions]"), () => this.position());
    this.controls = offerControls(page, this.video, this.player, captions, config);
  }

  begin(): void {
    this.follow();
    void this.poll();
    setInterval(() => void this.poll(), POLL_MS);
    setInterval(() => void (this.told.state === "live" && this.player.consider()), POLL_MS);
    setInterval(() => this.count(), 1000);
    window.addEventListener("pagehide", () => this.player.stop());
  }

  private async poll(): Promise<void> {
    const playing = this.player.playing === "playing" && !this.video.paused;
    const query = playing ? `?viewer=${VIEWER}&way=${this.player.way}${this.counted ? "" : "&first=1"}` : "";
    try {
      const answer = await fetch(`${this.config.base}/state${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      this.told = readTold(await answer.json());
      this.counted ||= playing;
      this.follow();
    } catch {
      // What is shown stays; the next look is some seconds away.
    }
  }

  /** Begin and end as the stream does. */
  private follow(): void {
    const { state, stream } = this.told;
    if (stream && stream !== this.stream) {
      if (this.stream) this.player.stop();
      this.stream = stream;
      this.counted = false;
    }
    if (state === "live" && this.player.playing === "idle" && !this.controls.paused) {
      this.player.ways.begin();
      void this.player.start();
    } else if (state === "none" || state === "starting") this.player.stop();
    else if (state === "away" && this.player.way === "whep") this.player.stop();
    else if (state === "ended") this.finish();
    this.controls.offer(this.told);
    this.show();
  }

  /** What is still in hand is played to its end; a player that stands still before it has nothing more to show. */
  private finish(): void {
    const stands = !this.video.paused && this.video.currentTime === this.lastSeen;
    this.lastSeen = this.video.currentTime;
    if (this.player.playing !== "idle" && (this.player.way === "whep" || stands)) this.player.stop();
  }

  private show(): void {
    const { words } = this.config;
    const { state, viewers } = this.told;
    const on = state === "live" || state === "away";
    const pictured = this.player.playing === "playing" || (this.video.readyState >= 2 && state === "live");
    const shows = pictured && (state === "live" || (state === "ended" && !this.video.ended));
    const stage = part(this.page, "[data-stage]");
    stage.dataset["stage"] = state;
    stage.dataset["playing"] = this.player.playing;
    stage.dataset["by"] = this.player.way;
    this.video.hidden = this.video.readyState < 1 && !shows;
    stage.classList.toggle("live__stage--covered", !shows && !this.video.hidden);
    part(this.page, "[data-cover]").hidden = shows;
    part(this.page, "[data-bar]").hidden = state !== "live" && !shows;
    part(this.page, "[data-badge]").hidden = state !== "live";
    const count = part(this.page, "[data-viewers]");
    count.hidden = !on || viewers === 0;
    count.textContent = (words["viewers"] ?? "{count}").replace("{count}", String(viewers));
    this.say(this.sentence(shows));
    this.controls.show();
  }

  /** What is to be read where the picture would be. */
  private sentence(shows: boolean): string {
    const { words } = this.config;
    const { state } = this.told;
    if (shows) return words[this.player.way === "whep" ? "live" : "delayed"] ?? "";
    if (this.player.playing === "cannot") return words["cannot"] ?? "";
    if (state === "live") return words[this.player.playing === "trouble" ? "trouble" : "connecting"] ?? "";
    return words[state] ?? "";
  }

  private say(sentence: string): void {
    if (!sentence || sentence === this.said) return;
    const first = this.said === "";
    this.said = sentence;
    const place = this.page.querySelector<HTMLElement>("[data-said]");
    if (place) place.textContent = sentence;
    if (!first) part(this.page, "[data-status]").textContent = sentence;
  }

  private count(): void {
    const place = this.page.querySelector<HTMLElement>("[data-countdown]");
    if (!place || !this.config.startsAt) return;
    const { words, language } = this.config;
    const left = Date.parse(this.config.startsAt) - Date.now();
    place.hidden = this.told.state !== "none" || left < -15 * 60_000;
    place.textContent =
      left > 0 ? (words["begins_in"] ?? "{time}").replace("{time}", countdown(left, language)) : (words["begins_soon"] ?? "");
  }

  /** Wall clock of the picture; null by WHEP, where it is the present. */
  private position(): number | null {
    return this.player.way === "whep" ? null : this.player.playedAt();
  }
}

function part(page: HTMLElement, selector: string): HTMLElement {
  const found = page.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}
