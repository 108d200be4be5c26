/** Plays everybody's sound. Browsers may want a press first; then a prompt asks for one. */
import { signal } from "@preact/signals";
import { Volume2 } from "lucide";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
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

function Sink({ track, speaker }: { readonly track: MediaStreamTrack; readonly speaker: string }): VNode {
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
  return <audio ref={element} autoplay />;
}

export function AudioSinks(): VNode {
  const { subscriber, local, t } = useSession();
  const sounds = [...subscriber.incoming.value.values()].filter(({ source }) => kindOf(source) === "audio");
  const listen = (): void => blocked.value.forEach((element) => void play(element));
  return (
    <>
      <div hidden>
        {sounds.map(({ publication, track }) => (
          <Sink key={publication} track={track} speaker={local.speaker.value} />
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
