/**
 * Codec parameters in session descriptions: browsers take the sender's from the answer, the receiver's from their
 * own.
 */

export interface OpusWish {
  readonly stereo: boolean;
  /** Bits per second; RFC 7587 `maxaveragebitrate`. */
  readonly bitrate: number;
  /** Discontinuous transmission: next to nothing is sent in silence. Wrong for music. */
  readonly dtx: boolean;
}

/** Speech: mono, in-band forward error correction, silence costs nothing. */
export const SPEECH: OpusWish = { stereo: false, bitrate: 40_000, dtx: true };
/** A film or music. */
export const ORIGINAL_SOUND: OpusWish = { stereo: true, bitrate: 160_000, dtx: false };

/** The description with Opus parameters set in the sections named by mid. `wish` null leaves a section as it is. */
export function withOpus(sdp: string, wish: (mid: string) => OpusWish | null): string {
  const sections = sdp.split(/(?=^m=)/m);
  return sections.map((section) => tuned(section, wish)).join("");
}

/** Kilobits per second. Without it libwebrtc begins at 300 and may take half a minute to a good picture. */
const START_RATE = 1000;
const START_PARAMETER = `x-google-start-bitrate=${START_RATE}`;

/** The answer with the bit rate at which Chromium's estimator begins on video; it falls at once where a line is weaker. */
export function withStartRate(answer: string): string {
  const sections = answer.split(/(?=^m=)/m);
  return sections.map((section) => (section.startsWith("m=video") ? started(section) : section)).join("");
}

function started(section: string): string {
  const types = [...section.matchAll(/^a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)\/90000/gim)].map((match) => match[1] ?? "");
  return types.reduce((text, type) => {
    const known = new RegExp(`^(a=fmtp:${type} .*?)(\\r?)$`, "m");
    if (known.test(text)) return text.replace(known, `$1;${START_PARAMETER}$2`);
    return text.replace(new RegExp(`^(a=rtpmap:${type} .*?)(\\r?\\n)`, "m"), `$1$2a=fmtp:${type} ${START_PARAMETER}$2`);
  }, section);
}

function tuned(section: string, wish: (mid: string) => OpusWish | null): string {
  const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
  const opus = /^a=rtpmap:(\d+) opus\/48000\/2/im.exec(section)?.[1];
  const wanted = mid === undefined || opus === undefined ? null : wish(mid);
  if (!wanted || opus === undefined) return section;
  const line = new RegExp(`^a=fmtp:${opus} (.*?)(\\r?)$`, "m");
  const known = line.exec(section)?.[1] ?? "";
  const parameters = `a=fmtp:${opus} ${merged(known, wanted)}`;
  if (line.test(section)) return section.replace(line, `${parameters}$2`);
  return section.replace(new RegExp(`^(a=rtpmap:${opus} .*?)(\\r?\\n)`, "m"), `$1$2${parameters}$2`);
}

function merged(known: string, wanted: OpusWish): string {
  const parameters = new Map(
    known
      .split(";")
      .filter((part) => part.includes("="))
      .map((part) => part.trim().split("=", 2) as [string, string]),
  );
  parameters.set("useinbandfec", "1");
  parameters.set("stereo", wanted.stereo ? "1" : "0");
  parameters.set("sprop-stereo", wanted.stereo ? "1" : "0");
  parameters.set("maxaveragebitrate", String(wanted.bitrate));
  parameters.set("usedtx", wanted.dtx ? "1" : "0");
  return [...parameters].map(([name, value]) => `${name}=${value}`).join(";");
}
