/** What a person does in the room. A refusal is said in a toast, in plain words. */
import type { Order } from "../generated/messages";
import type { Language } from "./config";
import { problemText } from "./meeting/problems";
import { may, publicationOf } from "./meeting/state";
import { drawn, nextFrame } from "./pictures/picture";
import type { Session } from "./session";
import { LineLost, Refused } from "./signal/protocol";
import type { TileItem } from "./stage/tiles";

/** Do it; true when it took effect. */
export async function tried(session: Session, work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Refused) session.toasts.say(problemText(session.t, error.problem), { urgent: true });
    else if (error instanceof LineLost) {
      // Who ended the meeting is sent away with all the others, often before the answer comes.
      if (session.phase.value === "over") return true;
      session.toasts.say(session.t("problem.line"), { urgent: true });
    }
    else throw error;
    return false;
  }
}

export async function toggleMicrophone(session: Session): Promise<void> {
  const { microphone } = session.local;
  if (microphone.state.value.on) {
    microphone.turnOff();
    return;
  }
  if (lacks(session, "publish_audio")) return;
  await microphone.turnOn();
  const { problem } = microphone.state.value;
  if (problem) session.toasts.say(session.t(`device.microphone.${problem}`), { urgent: true });
}

export async function toggleCamera(session: Session): Promise<void> {
  const { camera } = session.local;
  if (camera.state.value.on) {
    camera.turnOff();
    return;
  }
  if (lacks(session, "publish_video")) return;
  await camera.turnOn();
  const { problem } = camera.state.value;
  if (problem) session.toasts.say(session.t(`device.camera.${problem}`), { urgent: true });
}

/** `motion`: a film rather than slides. */
export async function toggleScreen(session: Session, motion = false): Promise<void> {
  const { local, toasts, t } = session;
  if (local.screen.value) {
    local.stopScreen();
    return;
  }
  if (lacks(session, "publish_screen")) return;
  if (!("getDisplayMedia" in (navigator.mediaDevices ?? {}))) {
    toasts.say(t("device.screen.unsupported"), { urgent: true });
    return;
  }
  const shared = await local.shareScreen(motion);
  if (shared && !shared.audio) toasts.say(t("screen.noSound"));
  const problem = local.screenProblem.value;
  if (problem) toasts.say(t(`device.screen.${problem}`), { urgent: true });
}

/** Choose a second camera and look at it first; or show it no more. */
export function toggleSecondCamera(session: Session): void {
  const { second } = session.local;
  if (second.track.value) second.stop();
  else if (!lacks(session, "publish_screen")) session.view.dialog.value = "secondCamera";
}

/** Draw what a tile shows; a dialog then asks for the caption. `video`: the element that shows it, if one does. */
export async function takePicture(
  session: Session,
  item: TileItem,
  track: MediaStreamTrack,
  video: HTMLVideoElement | null,
  caption: string,
): Promise<void> {
  const canvas = (video && drawn(video)) ?? (await nextFrame(track));
  if (canvas) session.view.still.value = { canvas, participant: item.participant, source: item.source, caption };
  else session.toasts.say(session.t("picture.nothing"), { urgent: true });
}

function lacks(session: Session, permission: "publish_audio" | "publish_video" | "publish_screen"): boolean {
  const meeting = session.meeting.value;
  if (!meeting || may(meeting.participants.get(meeting.self), permission)) return false;
  session.toasts.say(session.t("problem.not_allowed"), { urgent: true });
  return true;
}

export async function toggleHand(session: Session): Promise<void> {
  const meeting = session.meeting.value;
  if (!meeting) return;
  const raised = !meeting.hands.includes(meeting.self);
  await tried(session, session.connection.ask<"hand">({ type: "hand", raised }));
}

export function say(session: Session, text: string, to: string | null): Promise<boolean> {
  return tried(session, session.connection.ask<"chat">({ type: "chat", text, to }));
}

/** A draft of a line of captions, or the line. */
export function caption(session: Session, text: string, language: Language, final: boolean): Promise<boolean> {
  return tried(session, session.connection.ask<"caption">({ type: "caption", text, language, final }));
}

export function ask(session: Session, text: string): Promise<boolean> {
  return tried(session, session.connection.ask<"ask">({ type: "ask", text }));
}

/** Want a question answered too, or no longer. */
export async function vote(session: Session, question: string, wanted: boolean): Promise<void> {
  if (!(await tried(session, session.connection.ask<"vote">({ type: "vote", question, wanted })))) return;
  const meeting = session.meeting.value;
  if (!meeting) return;
  const voted = new Set(meeting.voted);
  if (wanted) voted.add(question);
  else voted.delete(question);
  session.meeting.value = { ...meeting, voted };
}

export function rename(session: Session, name: string): Promise<boolean> {
  return tried(session, session.connection.ask<"rename">({ type: "rename", name }));
}

/** A host's or moderator's act. */
export function order(session: Session, action: Order["action"]): Promise<boolean> {
  return tried(session, session.connection.ask<"order">({ type: "order", action }));
}

/** Mute somebody's microphone, or lift the mute and ask them to speak. */
export function moderateMicrophone(session: Session, participant: string): Promise<boolean> {
  const theirs = session.meeting.value?.participants.get(participant);
  const lift = publicationOf(theirs, "microphone")?.muted_by_host ?? false;
  const source = "microphone";
  return order(session, lift ? { do: "allow_unmute", participant, source } : { do: "mute", participant, source });
}

/** Full screen of the whole room, where the browser can. */
export async function toggleFullScreen(session: Session): Promise<void> {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    session.toasts.say(session.t("problem.fullScreen"));
  }
}
