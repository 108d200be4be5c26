/** Shows that the microphone hears something. */
import { useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useSession } from "../ui/context";
import { Meter } from "./meter";

export function MeterBar({ track }: { readonly track: MediaStreamTrack | null }): VNode {
  const { t } = useSession();
  const meter = useMemo(() => new Meter(), []);
  const element = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    meter.listen(track);
    return () => meter.stop();
  }, [meter, track]);
  // Sixteen times a second: past the view library, straight to the element.
  useSignalEffect(() => {
    const { value } = meter.level;
    if (element.current) element.current.value = value;
  });
  return <meter class="meter" ref={element} min={0} max={1} aria-label={t("prejoin.meter")} />;
}
