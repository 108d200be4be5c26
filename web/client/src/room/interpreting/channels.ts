/** Languages of a meeting: who interprets into which, what this person hears of it and how loud. Pure. */
import type { Interpreting, Participant } from "../../generated/messages";
import type { Meeting } from "../meeting/state";
import { may, publicationOf } from "../meeting/state";

/** Sign languages, as `signaling.model` names them: they are seen, not heard. */
export const SIGNED: readonly string[] = ["ukl", "ils", "ase", "bfi"];

/** What a host may offer beside what is offered already. */
export const OFFERED: readonly string[] = ["uk", "en", "pl", "de", "fr", "es", "ro", "lt", "cs", "et", "ja", "ukl", "ils"];

/** How loud the room is below an interpreter, dB. The live stream has it at the same level. */
export const ROOM_BELOW = -15;
/** From here on down there is silence. */
export const ROOM_OFF = -33;

export function gainOf(decibels: number): number {
  return decibels <= ROOM_OFF ? 0 : Math.min(1, 10 ** (decibels / 20));
}

const signed = ({ source, into }: Interpreting): boolean => SIGNED.includes(source) || SIGNED.includes(into);

/** What somebody interprets by voice; null also for who signs. */
export function voiceOf(person: Participant | undefined): Interpreting | null {
  const interprets = person?.interprets ?? null;
  return interprets && !signed(interprets) ? interprets : null;
}

/** All languages in which one can be heard here, that of the room first. */
export function languages(meeting: Meeting): readonly string[] {
  return [meeting.state.language, ...meeting.state.channels];
}

/** Interpreters by voice who are here and have this language on one side. */
function booth(meeting: Meeting, language: string): readonly Participant[] {
  return [...meeting.participants.values()].filter((person) => {
    const voice = voiceOf(person);
    return voice !== null && !person.away && [voice.source, voice.into].includes(language);
  });
}

/** The languages that can be heard now. */
export function heardLanguages(meeting: Meeting): readonly string[] {
  return languages(meeting).filter((language) => booth(meeting, language).length > 0);
}

/** What this person has chosen, as far as it means anything here; while on the air nobody hears the own channel. */
export function chosen(meeting: Meeting, channel: string): string | null {
  if (!languages(meeting).includes(channel) || SIGNED.includes(channel)) return null;
  const own = voiceOf(meeting.participants.get(meeting.self));
  return own?.on_air && own.into === channel ? null : channel;
}

/** Whose voice is in the channel now: on the air, here, with an open microphone. */
export function interpreterOf(meeting: Meeting, channel: string): Participant | undefined {
  return booth(meeting, channel).find((person) => {
    const voice = voiceOf(person);
    const microphone = publicationOf(person, "microphone");
    const open = microphone && !microphone.muted && !microphone.muted_by_host;
    return voice?.on_air && voice.into === channel && open && person.id !== meeting.self;
  });
}

/**
 * How it is with the chosen channel: `original` none is chosen, `speaks` an interpreter is heard, `silent` the booth is
 * there and nobody speaks into the channel now (as when the room itself speaks that language), `missing` nobody is there.
 */
export type Listening = "original" | "speaks" | "silent" | "missing";

export function listening(meeting: Meeting, channel: string | null): Listening {
  if (channel === null) return "original";
  if (interpreterOf(meeting, channel)) return "speaks";
  return booth(meeting, channel).length > 0 ? "silent" : "missing";
}

/** How loud somebody's sound is to be here, 0 to 1. Whoever speaks into no channel is the room. */
export function gain(
  meeting: Meeting,
  channel: string | null,
  roomBelow: number,
  sound: { readonly participant: string; readonly source: string },
): number {
  const voice = sound.source === "microphone" ? voiceOf(meeting.participants.get(sound.participant)) : null;
  if (voice) return voice.on_air && voice.into === channel ? 1 : 0;
  return listening(meeting, channel) === "speaks" ? gainOf(roomBelow) : 1;
}

/** Who is to be seen signing: on the air, with a camera that runs. */
export function signer(meeting: Meeting): Participant | null {
  for (const person of meeting.participants.values()) {
    const { interprets } = person;
    const camera = publicationOf(person, "camera");
    const seen = camera && !camera.muted && !camera.muted_by_host && !person.away;
    if (interprets && signed(interprets) && interprets.on_air && seen && person.id !== meeting.self) return person;
  }
  return null;
}

/** Whether there is a language to choose, or could be soon. */
export function hasLanguages(meeting: Meeting): boolean {
  return meeting.state.channels.length > 0;
}

/** The ways in which somebody may interpret here. */
export function ways(meeting: Meeting): readonly { readonly source: string; readonly into: string }[] {
  const [room = "uk", ...channels] = languages(meeting);
  const both = channels.flatMap((language) => [
    { source: room, into: language },
    { source: language, into: room },
  ]);
  const between = channels.flatMap((source) =>
    channels.filter((into) => into !== source).map((into) => ({ source, into })),
  );
  return [...both, ...between];
}

/** Others of the same booth who are here. */
export function partners(meeting: Meeting, own: Interpreting): readonly Participant[] {
  return [...meeting.participants.values()].filter(({ id, away, interprets, ...person }) => {
    if (id === meeting.self || away || !interprets || !person.permissions.includes("interpret")) return false;
    return [interprets.source, interprets.into].sort().join() === [own.source, own.into].sort().join();
  });
}

/** Whether this person is here to interpret. */
export const isInterpreter = (meeting: Meeting): boolean => may(meeting.participants.get(meeting.self), "interpret");
