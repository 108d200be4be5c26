/** The chat: to everybody, or privately to one participant. */
import { Camera, Lock, Trash2 } from "lucide";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ChatMessage, PictureTaken } from "../../generated/messages";
import { order, say } from "../actions";
import type { Meeting } from "../meeting/state";
import { may } from "../meeting/state";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { written } from "../ui/names";
import { inOrder } from "./lines";
import { linkify } from "./linkify";
import { Panel } from "./Panel";
import { Writing } from "./Writing";

const MOST_CHARACTERS = 2000;

export function Chat({ meeting }: { readonly meeting: Meeting }): VNode {
  const { t } = useSession();
  const log = useRef<HTMLDivElement>(null);
  const last = `${meeting.chat.at(-1)?.id} ${meeting.pictures.length}`;
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [last]);
  return (
    <Panel title={t("chat.title")} name="chat">
      <div class="chat__log" data-testid="chat-messages" role="log" aria-label={t("chat.title")} tabIndex={0} ref={log}>
        {meeting.chat.length + meeting.pictures.length === 0 && <p class="panel__empty">{t("chat.empty")}</p>}
        {inOrder(meeting).map((entry) =>
          entry.picture ? (
            <Note key={entry.key} picture={entry.picture} meeting={meeting} />
          ) : (
            <Line key={entry.key} line={entry.line} meeting={meeting} follows={entry.follows} />
          ),
        )}
      </div>
      <Composer meeting={meeting} />
    </Panel>
  );
}

function Note({ picture, meeting }: { readonly picture: PictureTaken; readonly meeting: Meeting }): VNode {
  const { t, config } = useSession();
  const of = meeting.participants.get(picture.participant)?.name ?? "";
  return (
    <p class="line line--note">
      <Icon node={Camera} size={16} />
      <span>
        {t("notice.picture", { name: picture.by_name, of })} <time>{clock(config.language, picture.at)}</time>
      </span>
    </p>
  );
}

function clock(language: string, at: number): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(at * 1000);
}

function Line({ line, meeting, follows }: { line: ChatMessage; meeting: Meeting; follows: boolean }): VNode {
  const session = useSession();
  const { t, config } = session;
  const own = line.participant === meeting.self;
  const time = clock(config.language, line.at);
  const moderates = may(meeting.participants.get(meeting.self), "moderate");
  return (
    <div class={`line${own ? " line--own" : ""}${line.to ? " line--private" : ""}${follows ? " line--follows" : ""}`}>
      {!follows && (
        <p class="line__head">
          <strong>{own ? t("chat.you") : written(line)}</strong> <time>{time}</time>
          {line.to && (
            <span class="line__private">
              <Icon node={Lock} size={14} /> {privacy(line, meeting, session)}
            </span>
          )}
        </p>
      )}
      <div class="line__body">
        <p class="line__text">
          {linkify(line.text).map((part, index) =>
            part.href ? (
              <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
                {part.text}
              </a>
            ) : (
              part.text
            ),
          )}
        </p>
        {moderates && (
          <button
            type="button"
            class="iconbutton iconbutton--small line__delete"
            aria-label={t("chat.delete", { name: line.name })}
            title={t("chat.delete", { name: line.name })}
            onClick={() => void order(session, { do: "delete_chat", message: line.id })}
          >
            <Icon node={Trash2} size={16} />
          </button>
        )}
      </div>
    </div>
  );
}

function privacy(line: ChatMessage, meeting: Meeting, { t }: ReturnType<typeof useSession>): string {
  if (line.to === meeting.self) return t("chat.toYou");
  const name = meeting.participants.get(line.to ?? "")?.name;
  return name === undefined ? t("chat.private") : t("chat.to", { name });
}

function Composer({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const self = meeting.participants.get(meeting.self);
  const closed = !may(self, "chat") || (!meeting.state.chat_enabled && !may(self, "moderate"));
  if (closed) return <p class="chat__closed">{t("chat.closed")}</p>;
  const to = view.chatTo.value !== null && meeting.participants.has(view.chatTo.value) ? view.chatTo.value : null;
  return (
    <Writing
      send={(text) => say(session, text, to)}
      most={MOST_CHARACTERS}
      label={t("chat.write")}
      sendLabel={t("chat.send")}
      testid="chat-input"
    >
      <label class="composer__to">
        <span>{t("chat.toLabel")}</span>
        <select value={to ?? ""} onChange={(event) => (view.chatTo.value = event.currentTarget.value || null)}>
          <option value="">{t("chat.everybody")}</option>
          {[...meeting.participants.values()]
            .filter(({ id }) => id !== meeting.self)
            .map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
        </select>
      </label>
    </Writing>
  );
}
