/** What was written in captions, to be read at one's own pace; how captions look; and for writers, where they write. */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Language } from "../config";
import type { Meeting } from "../meeting/state";
import { may } from "../meeting/state";
import { useSession } from "../ui/context";
import { languageShown, SIZES, type CaptionSize } from "../words/captions";
import { CaptionWriter } from "./CaptionWriter";
import { Panel } from "./Panel";

export function Transcript({ meeting }: { readonly meeting: Meeting }): VNode {
  const { t, view } = useSession();
  const log = useRef<HTMLDivElement>(null);
  const language = languageShown(view.captionLanguage.value, meeting.captions, meeting.drafts);
  const lines = meeting.captions.filter((line) => line.language === language);
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [lines.length]);
  return (
    <Panel title={t("captions.title")} name="captions">
      <Looks />
      <div
        class="chat__log transcript"
        role="log"
        aria-live="off"
        aria-label={t("captions.transcript")}
        lang={language}
        tabIndex={0}
        ref={log}
        data-testid="transcript"
      >
        {lines.length === 0 && <p class="panel__empty">{t("captions.empty")}</p>}
        {lines.map((line) => (
          <p key={`${line.participant} ${line.since}`} class="transcript__line">
            <time>{clock(view.captionLanguage.value, line.since)}</time> <span>{line.text}</span>
          </p>
        ))}
      </div>
      {may(meeting.participants.get(meeting.self), "caption") && <CaptionWriter />}
    </Panel>
  );
}

function clock(language: string, at: number): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(at * 1000);
}

function Looks(): VNode {
  const { t, view } = useSession();
  return (
    <div class="looks">
      <label class="switch">
        <span>{t("captions.show")}</span>
        <input
          type="checkbox"
          role="switch"
          data-testid="captions-on"
          checked={view.captions.value}
          onChange={(event) => view.setCaptions(event.currentTarget.checked)}
        />
      </label>
      <label class="composer__to">
        <span>{t("captions.size")}</span>
        <select
          value={view.captionSize.value}
          onChange={(event) => view.setCaptionSize(event.currentTarget.value as CaptionSize)}
        >
          {SIZES.map((size) => (
            <option key={size} value={size}>
              {t(`captions.size.${size}`)}
            </option>
          ))}
        </select>
      </label>
      <label class="composer__to">
        <span>{t("captions.language")}</span>
        <select
          value={view.captionLanguage.value}
          onChange={(event) => view.setCaptionLanguage(event.currentTarget.value as Language)}
        >
          <option value="uk">{t("captions.uk")}</option>
          <option value="en">{t("captions.en")}</option>
        </select>
      </label>
    </div>
  );
}
