/** The room's hub: binds signaling, the two peer connections, the own devices and what the person looks at. */
import { effect, signal, untracked, type Signal } from "@preact/signals";
import type { GroupSeen, GroupsSeen, Problem, Source, Waiting, Welcome } from "../generated/messages";
import { translator, type Translate } from "../i18n";
import { keepLanguage } from "./language";
import { signalUrl, type Language, type RoomConfig } from "./config";
import { remember, recall } from "./devices/choice";
import type { CaptureState } from "./devices/capture";
import { LocalMedia, type ScreenShare } from "./devices/local";
import { chosen } from "./interpreting/channels";
import { LineWatch, score } from "./media/quality";
import { Publisher } from "./media/publisher";
import { Receiving } from "./media/receiving";
import { Recovery } from "./media/recovery";
import { Subscriber } from "./media/subscriber";
import { WakeLock } from "./media/wakelock";
import { groupTitle, leadsHome, offerOf } from "./meeting/groups";
import { noticeOf } from "./meeting/notices";
import { problemText } from "./meeting/problems";
import { begin, isKept, may, publicationOf, reduce, type Meeting } from "./meeting/state";
import { Connection, type ConnectionEvents } from "./signal/connection";
import type { Ask } from "./signal/protocol";
import { fetchToken, TokenRefused } from "./signal/token";
import { Toasts } from "./ui/toasts";
import { View } from "./view";

export type Phase = "prejoin" | "joining" | "lobby" | "in" | "over";

const QUALITY_EVERY_MS = 2_000;
/** Names the wording of `consent.*` and `prejoin.recorded`; another wording gets another name (docs/recordings.md). */
const NOTICE = "2026-11";

export class Session {
  readonly phase = signal<Phase>("prejoin");
  readonly meeting = signal<Meeting | null>(null);
  /** Why it is over; null when the person left. */
  readonly ending = signal<{ readonly problem: Problem | null; readonly mayRetry: boolean } | null>(null);
  readonly lobbyTitle = signal("");
  /** The room of the meeting in which we are or into which we go: the main room or a group. */
  readonly room: Signal<string>;
  /** Where we are going; null unless we are on the way from one room to another. */
  readonly going = signal<string | null>(null);
  readonly name = signal("");
  readonly language: Signal<Language>;
  /** Own line by own measurement: 1 bad to 3 good. */
  readonly ownQuality = signal(3);
  /** When each participant last spoke, by a growing number, and who did last (not oneself). */
  readonly lastSpoke = new Map<string, number>();
  readonly lastSpeaker = signal<string | null>(null);
  /** Full rejoins in a row because media did not get through. */
  readonly mediaTrouble = signal(0);

  readonly local = new LocalMedia();
  readonly view: View;
  readonly toasts = new Toasts();
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly receiving: Receiving;
  readonly t: Translate;

  private readonly publishing: Recovery;
  private readonly subscribing: Recovery;
  private readonly wakeLock = new WakeLock();
  private readonly watch = new LineWatch();
  private networkMoved = false;
  private spoken = 0;
  /** The node's clock minus ours, ms. */
  skew = 0;
  /** By what this person knows of the recording without being asked: read it before coming in, or began it. */
  knows: "joined" | "understood" | null = null;
  /** Whether it was recorded or streamed when we looked in before joining. */
  readonly keptNow = signal<"recorded" | "live" | null>(null);
  /** For which group we were asked already. */
  private offered: string | null = null;

  constructor(
    readonly config: RoomConfig,
    tools: { openSocket?: () => WebSocket } = {},
  ) {
    this.language = signal(config.language);
    this.room = signal(config.meeting);
    this.view = new View(config.language);
    const translators = { uk: translator("uk"), en: translator("en") };
    this.t = (key, values) => translators[this.language.value](key, values);
    this.name.value = config.name || recall().name;
    const openSocket = tools.openSocket ?? (() => new WebSocket(signalUrl(config, location)));
    this.connection = new Connection(
      { open: openSocket, token: () => this.token(), random: Math.random },
      this.connectionEvents(),
    );
    const ask: Ask = (request) => this.connection.ask(request);
    this.publisher = new Publisher(ask, {
      state: (state) => this.mediaState(this.publishing, state),
      refused: (source, problem) => this.sourceRefused(source, problem),
    });
    this.subscriber = new Subscriber(ask, (state) => {
      this.mediaState(this.subscribing, state);
      if (state === "connected") this.mediaTrouble.value = 0;
    });
    this.receiving = new Receiving(ask);
    this.publishing = new Recovery({
      restart: () => this.publisher.restart(),
      rebuild: () => this.publisher.rebuild(),
      rejoin: () => this.rejoin(),
    });
    this.subscribing = new Recovery({
      restart: () => this.subscriber.restart(),
      rebuild: () => this.subscriber.rebuild(),
      rejoin: () => this.rejoin(),
    });
    this.local.second.lost = () => this.toasts.say(this.t("second.lost"), { urgent: true });
    this.followLine();
    this.followDevices();
    this.followLanguage();
    this.followNetwork();
    setInterval(() => void this.measure(), QUALITY_EVERY_MS);
  }

  /** Fetch a token in the person's name. */
  token(): Promise<string> {
    return this.tokenFor(this.room.value);
  }

  private tokenFor(room: string): Promise<string> {
    return fetchToken(this.config, this.name.value.trim() || this.t("prejoin.guest"), room);
  }

  /** Change the language at once, without leaving; the site's pages follow. */
  speak(language: Language): void {
    this.language.value = language;
    keepLanguage(language);
  }

  /** The one press. `token`: one that was fetched before for the same name. */
  join(token: string | null = null): void {
    if (!this.config.nameFixed) remember({ name: this.name.value.trim() });
    this.phase.value = "joining";
    this.ending.value = null;
    if ((this.config.recorded || this.config.streamed || this.keptNow.value) && !this.config.autoJoin) this.knows = "joined";
    this.connection.join(token);
  }

  leave(): void {
    this.connection.leave();
  }

  /** Into a group; devices stay as they are. False when the door is shut. */
  async visit(group: GroupSeen): Promise<boolean> {
    if (this.going.value !== null || this.phase.value !== "in") return false;
    this.going.value = groupTitle(group);
    try {
      const token = await this.tokenFor(group.meeting);
      if (this.phase.value === "in") this.move(group.meeting, token);
      return true;
    } catch (error) {
      this.going.value = null;
      const said = error instanceof TokenRefused ? error.detail : "";
      this.toasts.say(said || this.t("groups.failed"), { urgent: true });
      return false;
    }
  }

  /** Back to the main room. */
  home(): void {
    this.going.value = this.t("groups.main");
    this.move(this.config.meeting, null);
  }

  private move(room: string, token: string | null): void {
    this.room.value = room;
    this.stopMedia();
    this.view.dialog.value = null;
    this.view.still.value = null;
    this.view.pinned.value = null;
    this.view.chatTo.value = null;
    this.toasts.clear();
    this.meeting.value = null;
    this.phase.value = "joining";
    this.connection.move(token);
  }

  private mediaState(recovery: Recovery, state: RTCPeerConnectionState): void {
    recovery.observe(state);
    if (state === "disconnected" || state === "failed") this.connection.doubt();
  }

  private rejoin(): void {
    this.mediaTrouble.value += 1;
    this.connection.rejoin();
  }

  private connectionEvents(): ConnectionEvents {
    return {
      welcome: (message) => this.welcome(message),
      waiting: (message) => this.wait(message),
      announced: (message) => {
        if (message.type === "offer") {
          this.subscriber.take(message).catch(() => undefined);
          return;
        }
        const before = this.meeting.value;
        if (!before) return;
        if (message.type === "asked") {
          this.asked(message.source, message.by);
          return;
        }
        if (message.type === "groups_told") {
          this.toasts.say(this.t("groups.told", { name: message.name, text: message.text }), {
            urgent: true,
            long: true,
          });
          return;
        }
        const after = reduce(before, message);
        this.meeting.value = after;
        this.noticed(before, after, message);
      },
    };
  }

  private noticed(before: Meeting, after: Meeting, message: Parameters<typeof noticeOf>[2]): void {
    const notice = noticeOf(before, after, message);
    if (notice) {
      const words = { name: notice.name, of: notice.of ?? "" };
      this.toasts.say(this.t(notice.key, words), { urgent: notice.urgent });
    }
    if (message.type === "speaker" && message.participant !== null) {
      this.lastSpoke.set(message.participant, ++this.spoken);
      if (message.participant !== after.self) this.lastSpeaker.value = message.participant;
    }
    if (message.type === "chat" && message.message.participant !== after.self) this.chatCame(message.message);
    if (message.type === "participant" && message.participant.id === after.self) this.obeyHost(before, after);
    if (message.type === "groups") this.groupsChanged(after.groups);
    if (message.type === "question" && !before.questions.some(({ id }) => id === message.question.id)) {
      if (this.view.panel.value !== "questions" && message.question.participant !== after.self) {
        this.view.newQuestions.value += 1;
      }
    }
    if (message.type === "meeting") {
      if (isKept(after.state)) this.askConsent();
      else if (this.view.dialog.value === "consent") this.view.dialog.value = null;
    }
  }

  private chatCame(line: { name: string; text: string; to: string | null }): void {
    if (this.view.panel.value === "chat") return;
    this.view.unread.value += 1;
    if (line.to !== null) this.toasts.say(this.t("chat.privateFrom", { name: line.name }));
  }

  private wait(message: Waiting): void {
    this.lobbyTitle.value = message.meeting.title;
    this.phase.value = "lobby";
  }

  private welcome(message: Welcome): void {
    const before = this.meeting.value;
    const fresh = begin(message);
    const known = before && message.resumed ? { quality: before.quality, undecodable: before.undecodable } : {};
    this.meeting.value = { ...fresh, ...known, pictures: before?.pictures ?? [] };
    if (message.speaker !== null && message.speaker !== message.participant) this.lastSpeaker.value = message.speaker;
    this.phase.value = "in";
    this.going.value = null;
    this.skew = message.now * 1000 - Date.now();
    this.wakeLock.hold();
    if (!message.resumed) {
      this.publishing.reset();
      this.subscribing.reset();
      this.subscriber.reset(message.ice_servers);
      this.publisher.rebuild(message.ice_servers).catch(() => undefined);
    } else {
      this.publisher.settle();
    }
    this.receiving.repeat();
    this.publishing.signalingBack(message.resumed && this.networkMoved);
    this.subscribing.signalingBack(message.resumed && this.networkMoved);
    this.networkMoved = false;
    if (message.meeting.recording && before?.state.recording !== true) this.tellOfRecording(message);
    if (isKept(message.meeting)) this.askConsent();
    const self = this.self();
    if (self?.role === "captioner" && !before) this.view.panel.value ??= "captions";
    this.groupsChanged(this.meeting.value.groups);
  }

  /** Whoever comes into a meeting that is recorded has to know before they speak. */
  private tellOfRecording(message: Welcome): void {
    const paused = message.meeting.recording_paused;
    this.toasts.say(this.t(paused ? "notice.recordingPaused" : "notice.recording"), { urgent: true });
  }

  /** Who read before coming in that it is recorded has answered by coming in; who could not is asked. */
  private askConsent(): void {
    const meeting = this.meeting.value;
    if (!meeting || meeting.consented) return;
    if (this.knows) this.consent(this.knows);
    else if (!this.config.autoJoin) this.view.dialog.value = "consent";
  }

  /** Answer to being recorded. */
  consent(answer: "joined" | "understood" | "quiet"): void {
    if (this.view.dialog.value === "consent") this.view.dialog.value = null;
    if (answer === "quiet") this.local.hush();
    const meeting = this.meeting.value;
    if (meeting) this.meeting.value = { ...meeting, consented: true };
    this.connection.ask<"consent">({ type: "consent", answer, notice: NOTICE }).catch(() => undefined);
  }

  /** Ask once for each opening whether we go to our group; a room in which nobody may be at the keys goes by itself. */
  private groupsChanged(groups: GroupsSeen | null): void {
    const offer = offerOf(groups);
    if (offer === null) {
      if (!groups?.open) this.offered = null;
      if (this.view.dialog.value === "yourGroup" && !groups?.open) this.view.dialog.value = null;
      return;
    }
    if (this.offered === offer.key) return;
    this.offered = offer.key;
    if (this.config.autoJoin) {
      if (offer.mine) void this.visit(offer.mine);
    } else {
      this.view.dialog.value ??= "yourGroup";
    }
  }

  private followLine(): void {
    effect(() => {
      const line = this.connection.line.value;
      // What follows reads and writes other signals; only the line itself may run this again.
      untracked(() => {
        if (line.kind === "retry") {
          this.publishing.signalingLost();
          this.subscribing.signalingLost();
        } else if (line.kind === "closed") {
          this.over(line.problem, line.mayRetry);
        }
      });
    });
  }

  private stopMedia(): void {
    this.publishing.close();
    this.subscribing.close();
    this.publisher.close();
    this.subscriber.close();
    this.receiving.stop();
  }

  private over(problem: Problem | null, mayRetry: boolean): void {
    if (this.room.value !== this.config.meeting && leadsHome(problem)) {
      this.toasts.clear();
      this.home();
      this.toasts.say(this.t("groups.back"));
      return;
    }
    this.room.value = this.config.meeting;
    this.going.value = null;
    this.stopMedia();
    this.local.close();
    this.wakeLock.release();
    this.toasts.clear();
    this.view.dialog.value = null;
    this.view.still.value = null;
    this.meeting.value = null;
    this.ending.value = { problem, mayRetry };
    this.phase.value = "over";
  }

  /** What the devices give goes out, as far as the role allows. */
  private followDevices(): void {
    effect(() => {
      const self = this.self();
      const { microphone, camera, screen, original } = this.local;
      const sound = { ...microphone.state.value, original: original.value };
      const picture = camera.state.value;
      const shared = screen.value;
      const second = this.local.second.track.value;
      // What the publisher and the devices write in turn must not run this again from within.
      untracked(() => {
        this.wantOutputs(self, sound, picture, shared);
        this.publisher.want(
          "document_camera",
          second && may(self, "publish_screen") ? { track: second, muted: false } : null,
        );
      });
    });
  }

  /** The node sends only the interpreters who are heard. */
  private followLanguage(): void {
    effect(() => {
      const meeting = this.meeting.value;
      if (meeting) this.receiving.listen(chosen(meeting, this.view.channel.value));
    });
  }

  private wantOutputs(
    self: ReturnType<Session["self"]>,
    sound: CaptureState & { readonly original: boolean },
    picture: CaptureState,
    screen: ScreenShare | null,
  ): void {
    const { publisher } = this;
    const heard = { track: sound.track, muted: !sound.on || !sound.track, original: sound.original };
    publisher.want("microphone", may(self, "publish_audio") ? heard : null);
    const seen = { track: picture.track, muted: !picture.on || !picture.track };
    publisher.want("camera", may(self, "publish_video") ? seen : null);
    const shared = may(self, "publish_screen") ? screen : null;
    publisher.want("screen", shared ? { track: shared.video, muted: false } : null);
    const audio = shared?.audio;
    publisher.want("screen_audio", audio ? { track: audio, muted: false, original: true } : null);
  }

  private followNetwork(): void {
    const back = (): void => {
      this.networkMoved = true;
      this.connection.retryNow();
    };
    addEventListener("online", back);
    addEventListener("offline", () => (this.networkMoved = true));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.connection.retryNow();
    });
    addEventListener("pagehide", (event) => {
      // A page that the browser only puts aside may come back and resume.
      if (!event.persisted && this.phase.value !== "over") this.connection.leave();
    });
  }

  private self(): ReturnType<Meeting["participants"]["get"]> {
    const meeting = this.meeting.value;
    return meeting?.participants.get(meeting.self);
  }

  /** A host has muted us: our own switches follow, so that nobody speaks into a dead microphone. */
  private obeyHost(before: Meeting, after: Meeting): void {
    const newly = (source: Source): boolean => {
      const was = publicationOf(before.participants.get(before.self), source)?.muted_by_host ?? false;
      return !was && (publicationOf(after.participants.get(after.self), source)?.muted_by_host ?? false);
    };
    if (newly("microphone")) {
      this.local.microphone.turnOff();
      this.toasts.say(this.t("notice.mutedByHost"), { urgent: true });
    }
    if (newly("camera")) {
      this.local.camera.turnOff();
      this.toasts.say(this.t("notice.cameraOffByHost"), { urgent: true });
    }
    if (newly("screen")) {
      this.local.stopScreen();
      this.toasts.say(this.t("notice.screenOffByHost"), { urgent: true });
    }
    if (newly("document_camera")) {
      this.local.second.stop();
      this.toasts.say(this.t("notice.secondOffByHost"), { urgent: true });
    }
  }

  private asked(source: Source, by: string): void {
    if (source === "document_camera") {
      this.toasts.say(this.t("notice.askedSecond", { name: by }), {
        urgent: true,
        action: { label: this.t("bar.secondOn"), run: () => (this.view.dialog.value = "secondCamera") },
      });
      return;
    }
    const camera = source === "camera";
    this.toasts.say(this.t(camera ? "notice.askedCamera" : "notice.askedMicrophone", { name: by }), {
      urgent: true,
      action: {
        label: this.t(camera ? "bar.cameraOn" : "bar.microphoneOn"),
        run: () => void (camera ? this.local.camera : this.local.microphone).turnOn(),
      },
    });
  }

  private sourceRefused(source: Source, problem: Problem): void {
    if (source === "microphone") this.local.microphone.turnOff();
    else if (source === "camera") this.local.camera.turnOff();
    else if (source === "document_camera") this.local.second.stop();
    else this.local.stopScreen();
    this.toasts.say(problemText(this.t, problem), { urgent: true });
  }

  private async measure(): Promise<void> {
    if (this.phase.value !== "in") return;
    const [sent, received] = await Promise.all([this.publisher.report(), this.subscriber.report()]);
    this.ownQuality.value = score(this.watch.sample(sent, received));
  }
}
