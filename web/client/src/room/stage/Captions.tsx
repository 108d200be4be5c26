/** The captions over the lower edge of the picture. A screen reader is not interrupted by them: the transcript has all. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { languageShown, shown } from "../words/captions";

export function Captions({ meeting }: { readonly meeting: Meeting }): VNode | null {
  const { view, skew } = useSession();
  const [, again] = useState(0);
  const now = (Date.now() + skew) / 1000;
  const language = languageShown(view.captionLanguage.value, meeting.captions, meeting.drafts);
  const { rows, until } = shown(meeting.captions, meeting.drafts, language, now);
  useEffect(() => {
    if (until === null) return undefined;
    const timer = setTimeout(() => again((count) => count + 1), Math.max(50, (until - now) * 1000));
    return () => clearTimeout(timer);
  }, [until]);
  if (!view.captions.value || rows.length === 0) return null;
  return (
    <div class={`captions captions--${view.captionSize.value}`} aria-live="off" lang={language} data-testid="captions">
      {rows.map((line) => (
        <p key={`${line.participant} ${line.since}`} class="captions__row">
          <span>{line.text}</span>
        </p>
      ))}
    </div>
  );
}
