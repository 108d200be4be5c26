/** A video element for one track. It shows itself only when it has a picture, so that no tile is ever black. */
import type { RefObject, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface VideoViewProps {
  readonly track: MediaStreamTrack;
  readonly mirrored?: boolean;
  /** Show all of it rather than fill the tile. */
  readonly whole?: boolean;
  /** Where the element can be found, to draw what it shows. */
  readonly at?: RefObject<HTMLVideoElement | null>;
}

export function VideoView({ track, mirrored = false, whole = false, at }: VideoViewProps): VNode {
  const own = useRef<HTMLVideoElement>(null);
  const element = at ?? own;
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    const video = element.current;
    if (!video) return undefined;
    setPlaying(false);
    video.srcObject = new MediaStream([track]);
    // A muted video may play without a gesture; a rejection only says that the element has gone meanwhile.
    video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  const classes = [
    "video",
    playing ? "video--playing" : "",
    mirrored ? "video--mirrored" : "",
    whole ? "video--whole" : "",
  ];
  return (
    <video
      ref={element}
      class={classes.filter(Boolean).join(" ")}
      autoplay
      playsInline
      muted
      tabIndex={-1}
      aria-hidden="true"
      onPlaying={() => setPlaying(true)}
      onLoadedData={() => setPlaying(true)}
    />
  );
}
