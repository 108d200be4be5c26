/** How much each source may send. */
import type { Source } from "../../generated/messages";

const LIMITS: Readonly<Record<Source, RTCRtpEncodingParameters>> = {
  // 720p speech needs 1.5 Mbit/s; above 2.5 the eye gains nothing.
  camera: { maxBitrate: 2_500_000, maxFramerate: 30, priority: "medium" },
  screen: { maxBitrate: 3_000_000, maxFramerate: 30, priority: "medium" },
  microphone: { priority: "high", networkPriority: "high" },
  // Small print and hands that move: as much as a slide, as smooth as a face.
  document_camera: { maxBitrate: 3_000_000, maxFramerate: 30, priority: "medium" },
  screen_audio: { priority: "high", networkPriority: "high" },
};

export function encodingFor(source: Source): RTCRtpEncodingParameters {
  return { ...LIMITS[source] };
}

export function kindOf(source: Source): "audio" | "video" {
  return source === "microphone" || source === "screen_audio" ? "audio" : "video";
}

/** Prefer VP8: every browser decodes it. Firefox has no H.264 on some systems. */
export function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs;
  if (!codecs) return;
  const first = codecs.filter((codec) => codec.mimeType.toLowerCase() === "video/vp8");
  const rest = codecs.filter((codec) => !first.includes(codec));
  transceiver.setCodecPreferences([...first, ...rest]);
}
