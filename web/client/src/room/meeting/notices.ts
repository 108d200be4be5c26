/** What is worth a short spoken and shown word when something happens in the meeting. */
import type { Question } from "../../generated/messages";
import type { Meeting } from "./state";
import { may, publicationOf } from "./state";
import type { Announcement } from "../signal/protocol";
import type { Key } from "../../i18n";

export interface Notice {
  readonly key: Key;
  readonly name: string;
  /** Whom it is about, besides whoever does it. */
  readonly of?: string;
  readonly urgent: boolean;
}

const SMALL_MEETING = 12;

/** The notice for a message, from the state before and after it; null when there is nothing to say. */
export function noticeOf(before: Meeting, after: Meeting, message: Announcement): Notice | null {
  switch (message.type) {
    case "participant":
      return ofParticipant(before, after, message.participant.id);
    case "left": {
      const gone = before.participants.get(message.participant);
      if (!gone || manyMove(before)) return null;
      return { key: "notice.left", name: gone.name, urgent: false };
    }
    case "lobby": {
      const known = new Set(before.waiting.map(({ id }) => id));
      const fresh = message.waiting.find(({ id }) => !known.has(id));
      return fresh ? { key: "notice.waiting", name: fresh.name, urgent: true } : null;
    }
    case "hands": {
      const raised = message.hands.find((id) => !before.hands.includes(id) && id !== before.self);
      const name = raised === undefined ? undefined : after.participants.get(raised)?.name;
      const concerns = may(after.participants.get(after.self), "moderate");
      return name !== undefined && concerns ? { key: "notice.hand", name, urgent: false } : null;
    }
    case "question":
      return ofQuestion(before, after, message.question);
    case "picture":
      return ofPicture(after, message.by, message.by_name, message.participant);
    case "meeting":
      return ofMeeting(before, after);
    case "stream":
      return ofStream(before, after);
    default:
      return null;
  }
}

/** In a large meeting, or while people go to their groups and back, comings and goings are no news. */
function manyMove(meeting: Meeting): boolean {
  return meeting.participants.size > SMALL_MEETING || meeting.groups?.open === true;
}

function ofParticipant(before: Meeting, after: Meeting, id: string): Notice | null {
  const was = before.participants.get(id);
  const is = after.participants.get(id);
  if (!is || id === after.self) return null;
  if (!was)
    return manyMove(after) ? null : { key: "notice.joined", name: is.name, urgent: false };
  if (!publicationOf(was, "screen") && publicationOf(is, "screen")) {
    return { key: "notice.shares", name: is.name, urgent: false };
  }
  if (!publicationOf(was, "document_camera") && publicationOf(is, "document_camera")) {
    return { key: "notice.showsSecond", name: is.name, urgent: false };
  }
  return null;
}

/** A new question is news for those who lead; that one's own is being answered, for whoever asked it. */
function ofQuestion(before: Meeting, after: Meeting, question: Question): Notice | null {
  const was = before.questions.find(({ id }) => id === question.id);
  const own = question.participant === after.self;
  if (own && question.status === "answering" && was?.status !== "answering") {
    return { key: "notice.yourQuestion", name: "", urgent: true };
  }
  if (was || own || !may(after.participants.get(after.self), "moderate")) return null;
  return { key: "notice.question", name: question.name, urgent: false };
}

/** Whoever is shown has to know; whoever took it knows already. */
function ofPicture(after: Meeting, by: string, name: string, of: string): Notice | null {
  if (by === after.self) return null;
  if (of === after.self) return { key: "notice.pictureOfYou", name, urgent: true };
  return { key: "notice.picture", name, of: after.participants.get(of)?.name ?? "", urgent: false };
}

/** Everybody is told when what they say is kept and when it is not; those who lead also when it may get lost. */
function ofRecording(before: Meeting, after: Meeting): Key | null {
  const [was, is] = [before.state, after.state];
  if (!was.recording && is.recording) return "notice.recording";
  if (was.recording && !is.recording) return "notice.notRecording";
  if (!was.recording_paused && is.recording_paused) return "notice.recordingPaused";
  if (was.recording_paused && !is.recording_paused) return "notice.recordingGoesOn";
  const trouble = is.recording_trouble;
  if (trouble === was.recording_trouble || !may(after.participants.get(after.self), "moderate")) return null;
  if (trouble === "disk_low") return "notice.recordingDiskLow";
  if (trouble === "disk_full") return "notice.recordingDiskFull";
  return trouble === null ? "notice.recordingWell" : "notice.recordingAway";
}

/** Those who lead are told at once of a place that gets the stream no more, and of a disk that has no room for it. */
function ofStream(before: Meeting, after: Meeting): Notice | null {
  const [trouble, known] = [after.stream?.trouble, before.stream?.trouble];
  if (trouble && trouble !== known) return { key: `stream.trouble.${trouble}`, name: "", urgent: true };
  const was = new Map(before.stream?.targets.map((target) => [target.id, target.state]));
  const failed = after.stream?.targets.find(
    ({ id, on, state }) => on && state === "failed" && was.get(id) !== "failed",
  );
  return failed ? { key: "notice.streamTarget", name: failed.name || failed.id, urgent: true } : null;
}

function ofMeeting(before: Meeting, after: Meeting): Notice | null {
  const notice = (key: Key): Notice => ({ key, name: "", urgent: false });
  if (before.state.began_at === null && after.state.began_at !== null) return notice("notice.began");
  if (before.state.ended_at === null && after.state.ended_at !== null) return notice("notice.ended");
  const recording = ofRecording(before, after);
  if (recording) return { key: recording, name: "", urgent: true };
  if (!before.state.streaming && after.state.streaming) return { key: "notice.streaming", name: "", urgent: true };
  if (before.state.streaming && !after.state.streaming) return { key: "notice.notStreaming", name: "", urgent: true };
  if (!before.state.locked && after.state.locked) return notice("notice.locked");
  return null;
}
