/** What went wrong with a camera, a microphone or a screen, as the person has to know it. */

export type DeviceProblem = "refused" | "missing" | "busy" | "unplugged" | "insecure" | "unsupported" | "unknown";

/** The problem behind an error of `getUserMedia` or `getDisplayMedia` (W3C Media Capture and Streams, 10.2). */
export function problemOf(error: unknown): DeviceProblem {
  if (typeof navigator !== "undefined" && !("mediaDevices" in navigator)) return "insecure";
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    case "TypeError":
    case "NotSupportedError":
      return "unsupported";
    default:
      return "unknown";
  }
}
