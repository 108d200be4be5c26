/** What this client knows of the meeting, and how each message of the server changes it. Pure. */
import type {
  Caption,
  ChatMessage,
  GroupsSeen,
  MeetingState,
  Participant,
  Permission,
  PictureTaken,
  Publication,
  Question,
  Source,
  StreamSeen,
  WaitingParticipant,
  Welcome,
} from "../../generated/messages";
import type { Announcement } from "../signal/protocol";
import { withCaption, type Drafts } from "../words/captions";
import { withQuestion } from "../words/questions";

export interface Meeting {
  /** Own participant id. */
  readonly self: string;
  readonly state: MeetingState;
  /** In the order in which they came. */
  readonly participants: ReadonlyMap<string, Participant>;
  readonly waiting: readonly WaitingParticipant[];
  readonly hands: readonly string[];
  readonly chat: readonly ChatMessage[];
  /** Still pictures that were taken while this client was here; they stand among the lines of the chat. */
  readonly pictures: readonly PictureTaken[];
  /** Finished lines of captions, and those that are being written. */
  readonly captions: readonly Caption[];
  readonly drafts: Drafts;
  readonly questions: readonly Question[];
  /** Which of them this person wants answered too. */
  readonly voted: ReadonlySet<string>;
  /** Whether this person has answered to being recorded. */
  readonly consented: boolean;
  readonly speaker: string | null;
  /** Participant → 0 lost, 1 bad, 2 fair, 3 good. */
  readonly quality: ReadonlyMap<string, number>;
  /** Publications that this browser cannot decode. */
  readonly undecodable: ReadonlySet<string>;
  /** The live stream, for those who lead. */
  readonly stream: StreamSeen | null;
  /** The groups into which the meeting is divided, as far as they concern us. */
  readonly groups: GroupsSeen | null;
}

const CHAT_KEPT = 500;
const PICTURES_KEPT = 100;
const CAPTIONS_KEPT = 500;

export function begin(welcome: Welcome): Meeting {
  const arrived = [...welcome.participants].sort((a, b) => a.joined_at - b.joined_at);
  return {
    self: welcome.participant,
    state: welcome.meeting,
    participants: new Map(arrived.map((participant) => [participant.id, participant])),
    waiting: welcome.waiting,
    hands: welcome.hands,
    chat: welcome.chat,
    pictures: [],
    captions: welcome.captions,
    drafts: new Map(),
    questions: welcome.questions,
    voted: new Set(welcome.voted),
    consented: welcome.consented,
    speaker: welcome.speaker,
    quality: new Map(),
    undecodable: new Set(),
    stream: welcome.stream,
    groups: welcome.groups,
  };
}

/** The state after a message. Messages that do not concern the state give the same object back. */
export function reduce(meeting: Meeting, message: Announcement): Meeting {
  switch (message.type) {
    case "participant":
      return withParticipant(meeting, message.participant);
    case "left":
      return withoutParticipant(meeting, message.participant);
    case "meeting":
      return withState(meeting, message.meeting);
    case "lobby":
      return { ...meeting, waiting: message.waiting };
    case "chat":
      return withChat(meeting, message.message);
    case "chat_deleted":
      return { ...meeting, chat: meeting.chat.filter((line) => line.id !== message.message) };
    case "picture":
      return { ...meeting, pictures: [...meeting.pictures, message].slice(-PICTURES_KEPT) };
    case "caption":
      return withLine(meeting, message.caption);
    case "question":
      return { ...meeting, questions: withQuestion(meeting.questions, message.question) };
    case "question_gone":
      return { ...meeting, questions: meeting.questions.filter(({ id }) => id !== message.question) };
    case "groups":
      return { ...meeting, groups: message.groups };
    case "stream":
      return { ...meeting, stream: message.stream };
    case "hands":
      return { ...meeting, hands: message.hands };
    case "speaker":
      return { ...meeting, speaker: message.participant };
    case "quality":
      return { ...meeting, quality: new Map([...meeting.quality, ...Object.entries(message.participants)]) };
    case "undecodable":
      return { ...meeting, undecodable: new Set([...meeting.undecodable, ...message.publications]) };
    default:
      return meeting;
  }
}

/** Whether what happens here goes beyond the room: is kept, or shown to the public. */
export const isKept = (state: MeetingState): boolean => state.recording || state.streaming;

/** Each recording is asked about anew, and a stream that is not recorded. */
function withState(meeting: Meeting, state: MeetingState): Meeting {
  const begins = (!meeting.state.recording && state.recording) || !isKept(meeting.state);
  return { ...meeting, state, consented: meeting.consented && isKept(state) && !begins };
}

function withLine(meeting: Meeting, caption: Caption): Meeting {
  const drafts = withCaption(meeting.drafts, caption);
  if (!caption.final) return { ...meeting, drafts };
  return { ...meeting, drafts, captions: [...meeting.captions, caption].slice(-CAPTIONS_KEPT) };
}

function withParticipant(meeting: Meeting, participant: Participant): Meeting {
  const participants = new Map(meeting.participants);
  participants.set(participant.id, participant);
  return { ...meeting, participants };
}

function withoutParticipant(meeting: Meeting, id: string): Meeting {
  const participants = new Map(meeting.participants);
  participants.delete(id);
  const quality = new Map(meeting.quality);
  quality.delete(id);
  return {
    ...meeting,
    participants,
    quality,
    drafts: new Map([...meeting.drafts].filter(([, draft]) => draft.participant !== id)),
    hands: meeting.hands.filter((raised) => raised !== id),
    speaker: meeting.speaker === id ? null : meeting.speaker,
  };
}

function withChat(meeting: Meeting, line: ChatMessage): Meeting {
  if (meeting.chat.some((known) => known.id === line.id)) return meeting;
  return { ...meeting, chat: [...meeting.chat, line].slice(-CHAT_KEPT) };
}

export function publicationOf(participant: Participant | undefined, source: Source): Publication | undefined {
  return participant?.publications.find((publication) => publication.source === source);
}

export function may(participant: Participant | undefined, permission: Permission): boolean {
  return participant?.permissions.includes(permission) ?? false;
}
