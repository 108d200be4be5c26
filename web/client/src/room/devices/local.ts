/** The person's own camera, microphone and screen: before joining and in the room the same tracks. */
import { signal } from "@preact/signals";
import { Capture } from "./capture";
import { recall, remember } from "./choice";
import { cameraConstraints, microphoneConstraints, screenConstraints } from "./constraints";
import { problemOf, type DeviceProblem } from "./problems";
import { SecondCamera } from "./second";

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface Devices {
  readonly cameras: readonly Device[];
  readonly microphones: readonly Device[];
  readonly speakers: readonly Device[];
}

export interface ScreenShare {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack | null;
}

export class LocalMedia {
  readonly devices = signal<Devices>({ cameras: [], microphones: [], speakers: [] });
  readonly original = signal(false);
  readonly speaker = signal(recall().speaker);
  readonly screen = signal<ScreenShare | null>(null);
  readonly screenProblem = signal<DeviceProblem | null>(null);
  readonly camera: Capture;
  readonly microphone: Capture;
  readonly second = new SecondCamera();

  constructor() {
    const choice = recall();
    this.camera = new Capture({ open: (id) => this.open("video", id), releaseWhenOff: true }, choice.camera);
    this.microphone = new Capture({ open: (id) => this.open("audio", id), releaseWhenOff: false }, choice.microphone);
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.list());
  }

  /** Open what the person used last time. Permission questions come one after the other, microphone first. */
  async begin(wanted: { camera: boolean; microphone: boolean }): Promise<void> {
    if (wanted.microphone) await this.microphone.turnOn();
    if (wanted.camera) await this.camera.turnOn();
    await this.list();
  }

  async list(): Promise<void> {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    const of = (kind: MediaDeviceKind): Device[] =>
      (all ?? [])
        .filter((device) => device.kind === kind && device.deviceId !== "")
        .map((device) => ({ id: device.deviceId, label: device.label }));
    this.devices.value = { cameras: of("videoinput"), microphones: of("audioinput"), speakers: of("audiooutput") };
  }

  /** Make sure that all cameras are listed: browsers name them only once one may be used. */
  async knowCameras(): Promise<void> {
    await this.list();
    if (this.devices.value.cameras.length > 0) return;
    try {
      const asked = await navigator.mediaDevices.getUserMedia({ video: true });
      await this.list();
      for (const track of asked.getTracks()) track.stop();
    } catch {
      // Whoever allows no camera has none to choose from.
    }
  }

  async chooseCamera(id: string): Promise<void> {
    remember({ camera: id });
    await this.camera.choose(id);
  }

  async chooseMicrophone(id: string): Promise<void> {
    remember({ microphone: id });
    await this.microphone.choose(id);
  }

  chooseSpeaker(id: string): void {
    remember({ speaker: id });
    this.speaker.value = id;
  }

  /** Sound as it is, or speech cleaned of echo and noise. */
  async setOriginal(original: boolean): Promise<void> {
    this.original.value = original;
    await this.microphone.reopen();
  }

  /** Ask for a screen, a window or a tab. Resolves to null when none is shared. A cancelled question is no problem. */
  async shareScreen(motion: boolean): Promise<ScreenShare | null> {
    this.screenProblem.value = null;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(screenConstraints(motion));
      const video = stream.getVideoTracks()[0];
      if (!video) return null;
      video.contentHint = motion ? "motion" : "detail";
      const audio = stream.getAudioTracks()[0] ?? null;
      if (audio) audio.contentHint = "music";
      video.onended = () => this.stopScreen();
      this.screen.value = { video, audio };
      return this.screen.value;
    } catch (error) {
      const problem = problemOf(error);
      if (problem !== "refused") this.screenProblem.value = problem;
      return null;
    }
  }

  stopScreen(): void {
    this.screen.value?.video.stop();
    this.screen.value?.audio?.stop();
    this.screen.value = null;
  }

  /** Nothing more is sent of what is seen and heard here. */
  hush(): void {
    this.microphone.turnOff();
    this.camera.turnOff();
    this.stopScreen();
    this.second.stop();
  }

  close(): void {
    this.camera.close();
    this.microphone.close();
    this.second.stop();
    this.stopScreen();
  }

  private async open(kind: "video" | "audio", id: string): Promise<MediaStreamTrack> {
    const track = await this.get(kind, id).catch((error: unknown) => {
      // The remembered device is gone: the browser's default is better than none.
      if (id && problemOf(error) === "missing") return this.get(kind, "");
      throw error;
    });
    if (kind === "video") track.contentHint = "motion";
    void this.list();
    return track;
  }

  private async get(kind: "video" | "audio", id: string): Promise<MediaStreamTrack> {
    const constraints =
      kind === "video" ? { video: cameraConstraints(id) } : { audio: microphoneConstraints(id, this.original.value) };
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    const track = stream.getTracks()[0];
    if (!track) throw new DOMException("The stream has no track.", "NotFoundError");
    return track;
  }
}
