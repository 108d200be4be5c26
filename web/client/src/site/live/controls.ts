/** The player's buttons and keys. Keys work while the focus is in the player, so that they get in nobody's way. */

import type { Captions } from "./captions";
import type { LiveConfig, Told } from "./config";
import type { Player } from "./player";

const STEP = 0.1;
const BACK_S = 10;

export interface Controls {
  /** Whether somebody has paused. */
  readonly paused: boolean;
  /** What sounds and captions there are. */
  offer(told: Told): void;
  /** Say how it is. */
  show(): void;
}

export function offerControls(
  page: HTMLElement,
  video: HTMLVideoElement,
  player: Player,
  captions: Captions,
  config: LiveConfig,
): Controls {
  const { words } = config;
  const stage = page.querySelector<HTMLElement>("[data-stage]");
  const button = (name: string): HTMLButtonElement | null => page.querySelector<HTMLButtonElement>(`button[data-${name}]`);
  const [play, mute, whole, way, unmute] = ["play", "mute", "fullscreen", "way", "unmute"].map(button);
  const volume = page.querySelector<HTMLInputElement>("[data-volume]");
  const sounds = page.querySelector<HTMLElement>("[data-sounds]");
  const languages = page.querySelector<HTMLElement>("[data-languages]");
  let paused = false;
  let language = "";

  const label = (place: HTMLButtonElement | null | undefined, pressed: boolean, word: string): void => {
    place?.setAttribute("aria-label", words[word] ?? word);
    place?.setAttribute("data-pressed", String(pressed));
  };

  const show = (): void => {
    label(play, video.paused, video.paused ? "play" : "pause");
    label(mute, video.muted || video.volume === 0, video.muted || video.volume === 0 ? "unmute" : "mute");
    label(whole, document.fullscreenElement === stage, document.fullscreenElement === stage ? "window" : "fullscreen");
    if (volume) volume.value = String(video.muted ? 0 : Math.round(video.volume * 100));
    if (unmute) unmute.hidden = !video.muted || unmute.dataset["wanted"] !== "yes";
    if (way) {
      const delayed = player.way === "hls";
      way.hidden = player.playing !== "playing";
      way.textContent = words[delayed ? "delayed" : "live"] ?? "";
      way.title = words[delayed ? "said_delayed" : "said_live"] ?? "";
      way.disabled = !player.ways.mayTry;
      way.toggleAttribute("data-delayed", delayed);
      way.dataset["reason"] = player.chosen.reason;
    }
  };

  const toggle = (): void => {
    paused = !video.paused;
    if (paused) {
      video.pause();
      if (player.way === "whep") player.stop();
    } else if (player.playing === "idle" || player.way === "whep") void player.start();
    else void video.play().catch(() => undefined);
    show();
  };
  const silence = (): void => {
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 1;
    if (unmute) unmute.dataset["wanted"] = "no";
  };
  const louder = (step: number): void => {
    video.muted = false;
    video.volume = Math.min(1, Math.max(0, video.volume + step));
  };
  const enlarge = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (stage?.requestFullscreen) void stage.requestFullscreen().catch(() => undefined);
    else (video as unknown as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.();
  };
  const go = (seconds: number): void => {
    const { seekable } = video;
    if (player.way === "whep" || !seekable.length) return;
    const last = seekable.length - 1;
    video.currentTime = Math.min(seekable.end(last) - 1, Math.max(seekable.start(0), video.currentTime + seconds));
  };
  const select = (place: HTMLElement | null): HTMLSelectElement | null => place?.querySelector("select") ?? null;
  const chooseCaptions = (chosen: string): void => {
    language = chosen;
    const list = select(languages);
    if (list) list.value = chosen;
    captions.choose(chosen);
  };
  const switchCaptions = (): void => {
    const list = select(languages);
    const first = [...(list?.options ?? [])].find((one) => one.value);
    const own = [...(list?.options ?? [])].find((one) => one.value === config.language);
    if (first) chooseCaptions(language ? "" : (own ?? first).value);
  };

  // With sound; where the browser forbids that without a press, silently, with a button that asks for one.
  player.hear = () => {
    void video.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      video.muted = true;
      if (unmute) unmute.dataset["wanted"] = "yes";
      void video.play().catch(() => undefined);
      show();
    });
  };

  play?.addEventListener("click", toggle);
  mute?.addEventListener("click", silence);
  unmute?.addEventListener("click", () => {
    silence();
    stage?.focus();
  });
  whole?.addEventListener("click", enlarge);
  way?.addEventListener("click", () => void (player.way === "hls" ? player.again() : player.steady()));
  volume?.addEventListener("input", () => {
    video.volume = Number(volume.value) / 100;
    video.muted = video.volume === 0;
  });
  select(sounds)?.addEventListener("change", (event) => void player.choose((event.target as HTMLSelectElement).value));
  select(languages)?.addEventListener("change", (event) => chooseCaptions((event.target as HTMLSelectElement).value));
  for (const event of ["play", "pause", "volumechange"]) video.addEventListener(event, show);
  document.addEventListener("fullscreenchange", show);
  if (whole) whole.hidden = !(document.fullscreenEnabled || "webkitEnterFullscreen" in video);

  const keys: Readonly<Record<string, () => void>> = {
    " ": toggle,
    k: toggle,
    m: silence,
    f: enlarge,
    c: switchCaptions,
    ArrowUp: () => louder(STEP),
    ArrowDown: () => louder(-STEP),
    ArrowLeft: () => go(-BACK_S),
    ArrowRight: () => go(BACK_S),
  };
  stage?.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const at = event.target as HTMLElement;
    if (at.matches("select, input, a") || (event.key === " " && at.matches("button"))) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || page.querySelector<HTMLElement>("[data-bar]")?.hidden) return;
    event.preventDefault();
    act();
  });

  return {
    get paused() {
      return paused;
    },
    offer(told) {
      fill(sounds, told.sounds.length > 1 ? told.sounds.map((one) => [one, words[one] ?? one]) : []);
      const named = told.captions.map((one): [string, string] => [one, config.languages[one] ?? one]);
      fill(languages, named.length ? [["", words["no_captions"] ?? ""], ...named] : []);
      if (language && !told.captions.includes(language)) chooseCaptions("");
    },
    show,
  };
}

/** The choices of a list, kept as they are while they are the same; hidden where there are none. */
function fill(place: HTMLElement | null, choices: readonly (readonly [string, string])[]): void {
  const list = place?.querySelector("select");
  if (!place || !list) return;
  place.hidden = choices.length === 0;
  if ([...list.options].map((one) => one.value).join() === choices.map(([value]) => value).join()) return;
  const chosen = list.value;
  list.replaceChildren(...choices.map(([value, name]) => new Option(name, value)));
  if (choices.some(([value]) => value === chosen)) list.value = chosen;
}
