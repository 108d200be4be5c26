/** Plays everybody's sound: the room, or an interpreter with the room quietly below. Browsers may want a press first; then a prompt asks for one. */
import { signal } from "@preact/signals";
import { Volume2 } from "lucide";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { chosen, gain } from "../interpreting/channels";
import { glide } from "../interpreting/volume";
import { kindOf } from "../media/encodings";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";

const blocked = signal<ReadonlySet<HTMLAudioElement>>(new Set());

function setBlocked(element: HTMLAudioElement, is: boolean): void {
  if (blocked.peek().has(element) === is) return;
  const elements = new Set(blocked.peek());
  if (is) elements.add(element);
  else elements.delete(element);
  blocked.value = elements;
}

async function play(element: HTMLAudioElement): Promise<void> {
  try {
    await element.play();
    setBlocked(element, false);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotAllowedError") setBlocked(element, true);
  }
}

interface SinkProps {
  readonly track: MediaStreamTrack;
  readonly speaker: string;
  /** 0 to 1. */
  readonly loudness: number;
  readonly participant: string;
}

function Sink({ track, speaker, loudness, participant }: SinkProps): VNode {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current;
    if (!audio) return undefined;
    audio.srcObject = new MediaStream([track]);
    void play(audio);
    return () => {
      setBlocked(audio, false);
      audio.srcObject = null;
    };
  }, [track]);
  useEffect(() => {
    // Not every browser can choose; where the device is gone the default plays.
    if (element.current && "setSinkId" in element.current) element.current.setSinkId(speaker).catch(() => undefined);
  }, [speaker]);
  useEffect(() => (element.current ? glide(element.current, loudness) : undefined), [loudness]);
  return <audio ref={element} autoplay data-participant={participant} data-loudness={loudness.toFixed(2)} />;
}

export function AudioSinks(): VNode {
  const { subscriber, local, view, meeting, t } = useSession();
  const now = meeting.value;
  const channel = now && chosen(now, view.channel.value);
  const sounds = [...subscriber.incoming.value.values()].filter(({ source }) => kindOf(source) === "audio");
  const listen = (): void => blocked.value.forEach((element) => void play(element));
  return (
    <>
      <div hidden>
        {sounds.map(({ publication, participant, source, track }) => (
          <Sink
            key={publication}
            track={track}
            speaker={local.speaker.value}
            participant={participant}
            loudness={now ? gain(now, channel, view.roomLevel.value, { participant, source }) : 1}
          />
        ))}
      </div>
      {blocked.value.size > 0 && (
        <div class="gesture" role="alert">
          <button type="button" class="button button--accent button--large" onClick={listen} autofocus>
            <Icon node={Volume2} /> {t("sound.allow")}
          </button>
        </div>
      )}
    </>
  );
}
