/* Camera and microphone, tried before an expert goes into the room. Nothing leaves the browser. */

const HEARD = 0.05;

interface Parts {
  start: HTMLButtonElement;
  view: HTMLElement;
  video: HTMLVideoElement;
  meter: HTMLMeterElement;
  result: HTMLElement;
}

/** Show the check on pages that have one. */
export function offerDeviceCheck(): void {
  const section = document.querySelector<HTMLElement>("[data-device-check]");
  if (!section || !navigator.mediaDevices) return;
  const parts = partsOf(section);
  if (!parts) return;
  section.hidden = false;
  parts.start.addEventListener("click", () => void check(section, parts));
}

function partsOf(section: HTMLElement): Parts | null {
  const start = section.querySelector<HTMLButtonElement>("[data-check-start]");
  const view = section.querySelector<HTMLElement>("[data-check-view]");
  const video = section.querySelector<HTMLVideoElement>("[data-check-video]");
  const meter = section.querySelector<HTMLMeterElement>("[data-check-meter]");
  const result = section.querySelector<HTMLElement>("[data-check-result]");
  return start && view && video && meter && result ? { start, view, video, meter, result } : null;
}

async function check(section: HTMLElement, parts: Parts): Promise<void> {
  parts.start.disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    parts.view.hidden = false;
    parts.video.srcObject = stream;
    await parts.video.play();
    parts.result.textContent = section.dataset["quiet"] ?? "";
    listen(stream, parts.meter, () => {
      parts.result.textContent = section.dataset["ready"] ?? "";
    });
  } catch (error) {
    parts.start.disabled = false;
    parts.result.textContent = section.dataset[reason(error)] ?? "";
  }
}

function reason(error: unknown): "refused" | "missing" | "busy" {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return name === "NotReadableError" ? "busy" : "refused";
}

function listen(stream: MediaStream, meter: HTMLMeterElement, heard: () => void): void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const look = (): void => {
    analyser.getFloatTimeDomainData(samples);
    const level = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length));
    meter.value = level;
    if (level > HEARD) heard();
    requestAnimationFrame(look);
  };
  look();
}
